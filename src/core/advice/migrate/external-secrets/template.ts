/** Go templates of `target.template`: values, and texts with values of one secret. */
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { gap, type StoredSecret, type Value } from '../model.ts';
import type { Gap } from '../report.ts';

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string; readonly steps: readonly string[] };

const IN_WORDS =
  'write the file in the annotation secrets, field template, or let the application combine the values';

/** Converts a template. @param lookUp the value of a key of the data that the template gets */
export function readTemplate(
  template: string,
  lookUp: (name: string) => Result<Value, Gap>,
): Result<Value, Gap> {
  const parts = split(template);
  if (parts === undefined)
    return gap(
      'the template uses more than insertions: the injector has no functions and conditions of Go templates',
      IN_WORDS,
    );
  const values = parts.filter((part) => part.kind === 'value');
  if (values.length === 0)
    return gap(
      'the value is a constant, which is no secret',
      'write it into the manifest, as value or in a ConfigMap',
    );
  const [only] = values;
  return parts.length === 1 && only !== undefined ? readOne(only, lookUp) : readText(parts, lookUp);
}

/** A template that consists of one insertion. */
function readOne(
  part: Extract<Part, { kind: 'value' }>,
  lookUp: (name: string) => Result<Value, Gap>,
): Result<Value, Gap> {
  const found = lookUp(part.name);
  if (!found.ok) return found;
  let value = found.value;
  for (const step of part.steps) {
    if (step === 'b64dec' && value.decode === undefined) value = { ...value, decode: 'base64' };
    else if (step === 'filterPEM "CERTIFICATE"') value = { ...value, pem: 'certificates' };
    else if (step === 'filterPEM "PRIVATE KEY"') value = { ...value, pem: 'private-key' };
    else return gap(`the injector has no function for ${quote(step)}`, IN_WORDS);
  }
  return ok(value);
}

/** A text with insertions: all of them from one secret. */
function readText(parts: readonly Part[], lookUp: (name: string) => Result<Value, Gap>): Result<Value, Gap> {
  let secret: StoredSecret | undefined;
  let text = '';
  for (const part of parts) {
    if (part.kind === 'text') {
      text += part.text;
      continue;
    }
    const found = lookUp(part.name);
    if (!found.ok) return found;
    const { value } = found;
    const path = value.key ?? value.jmesPath;
    const [step, ...more] = part.steps;
    if (more.length > 0 || (step !== undefined && step !== 'toJson'))
      return gap(`the injector has no function for ${quote(part.steps.join(' | '))}`, IN_WORDS);
    if (
      path === undefined ||
      !/^[^\s{}|"[\]()]+$/.test(path) ||
      value.decode !== undefined ||
      value.pem !== undefined
    )
      return gap(
        `the template inserts ${quote(part.name)}, which is not a key of a JSON secret`,
        'store the values as keys of one JSON secret, and use them in the annotation secrets, field template',
      );
    if (secret !== undefined && JSON.stringify(secret) !== JSON.stringify(value.secret))
      return gap(
        'the template combines several secrets',
        'store the values as keys of one JSON secret, and use them in the annotation secrets, field template',
      );
    secret = value.secret;
    text += `{{ ${path} | ${step === undefined ? 'raw' : 'json'} }}`;
  }
  return secret === undefined
    ? gap('the template inserts no value', IN_WORDS)
    : ok({ secret, template: text });
}

/** @returns undefined if an action is not an insertion */
function split(template: string): readonly Part[] | undefined {
  const parts: Part[] = [];
  let at = 0;
  let trims = false;
  const addText = (raw: string, isTrimmed: boolean) => {
    const start = trims ? raw.trimStart() : raw;
    const text = isTrimmed ? start.trimEnd() : start;
    if (text !== '') parts.push({ kind: 'text', text });
  };
  for (const match of template.matchAll(/\{\{(-\s)?((?:"[^"\n]*"|`[^`]*`|[^"`}]|\}(?!\}))*?)(\s-)?\}\}/g)) {
    const [whole, left, body = '', right] = match;
    addText(template.slice(at, match.index), left !== undefined);
    at = match.index + whole.length;
    trims = right !== undefined;
    if (/^\/\*.*\*\/$/s.test(body.trim())) continue;
    const part = readAction(body.trim());
    if (part === undefined) return undefined;
    parts.push(part);
  }
  const rest = template.slice(at);
  addText(rest, false);
  return parts.some((part) => part.kind === 'text' && part.text.includes('{{')) ? undefined : parts;
}

function readAction(body: string): Part | undefined {
  const [head = '', ...steps] = body.split('|').map((step) => step.trim());
  const [, field, literal] =
    /^(?:\.([A-Za-z_]\w*)|\(?index\s+\.(?:data)?\s+"([^"\\]+)"\)?)$/.exec(head) ?? [];
  const name = field ?? literal;
  if (name === undefined) return undefined;
  return {
    kind: 'value',
    name,
    steps: steps.filter((step) => step !== 'toString').map((step) => step.replaceAll(/\s+/g, ' ')),
  };
}
