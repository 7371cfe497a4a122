/** Templates that are filled from the JSON of a secret: checked at admission, rendered by the fetcher. */
import { MAX_SECRET_BYTES } from '../limits.ts';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { type JsonDocument, type JsonNode, membersOf, numberOf } from '../secret/secret-json.ts';
import { exceedsUtf8 } from '../utf8.ts';
import { type Escape, escapeNode } from './escapes.ts';
import { type Path, parseTemplate, type TemplateNode } from './syntax.ts';

export { ESCAPES, type Escape, isEscape } from './escapes.ts';

/** Rendered tags and visited characters: arrays in nested sections multiply. */
const MOST_STEPS = 1_000_000;

/**
 * Checks a template without a document.
 * @param defaultEscape for insertions without an escape; otherwise each insertion needs one
 * @returns a fault that continues the sentence "the template …", or undefined
 */
export function templateFault(template: string, defaultEscape?: Escape): string | undefined {
  const parsed = parseTemplate(template, defaultEscape);
  return parsed.ok ? undefined : parsed.problem;
}

/**
 * Fills a template. Numbers keep the digits of the secret; objects and arrays become compact JSON before they are escaped. A
 * section is omitted if its key is missing, null, false, 0, an empty string or an empty array, as in mustache.js. A missing
 * key in an insertion is a fault.
 * @returns the text, or faults that continue the sentence "the template …"; they name keys and never quote a value
 */
export function renderTemplate(
  template: string,
  defaultEscape: Escape | undefined,
  document: JsonDocument,
): Result<string, readonly string[]> {
  const parsed = parseTemplate(template, defaultEscape);
  if (!parsed.ok) return failed([parsed.problem]);
  const run: Run = { parts: [], problems: new Set(), room: MAX_SECRET_BYTES, steps: MOST_STEPS };
  try {
    const isComplete = renderAll(parsed.value, [document.root], run);
    if (!isComplete) run.problems.add(run.room < 0 ? TOO_LONG : 'needs too many steps on this secret');
  } catch (error) {
    // The end of the stack: the JSON of the secret is nested thousands of levels deep.
    if (!(error instanceof RangeError)) throw error;
    run.problems.add('reaches JSON that is nested too deeply');
  }
  const text = run.parts.join('');
  if (run.problems.size === 0 && exceedsUtf8(text, MAX_SECRET_BYTES)) run.problems.add(TOO_LONG);
  return run.problems.size > 0 ? failed([...run.problems]) : ok(text);
}

const TOO_LONG = `results in more than ${MAX_SECRET_BYTES} bytes`;

interface Run {
  readonly parts: string[];
  readonly problems: Set<string>;
  /** UTF-16 units that may still be written. */
  room: number;
  steps: number;
}

/** @returns false if a limit was reached before the end */
function renderAll(nodes: readonly TemplateNode[], contexts: readonly JsonNode[], run: Run): boolean {
  return nodes.every((node) => spend(1, run) && renderNode(node, contexts, run));
}

function spend(steps: number, run: Run): boolean {
  run.steps -= steps;
  return run.steps >= 0;
}

function put(text: string, run: Run): boolean {
  run.parts.push(text);
  run.room -= text.length;
  return run.room >= 0;
}

function renderNode(node: TemplateNode, contexts: readonly JsonNode[], run: Run): boolean {
  switch (node.kind) {
    case 'text':
      return put(node.text, run);
    case 'insertion':
      return insert(node.path, node.dialect, contexts, run);
    case 'section': {
      const value = lookUp(node.path, contexts);
      const items = itemsOf(value);
      // `true` is a condition, not a context: `.` and names keep their meaning inside the section.
      const enter = (item: JsonNode) => (value === true ? contexts : [...contexts, item]);
      if (node.isInverted) return items.length > 0 || renderAll(node.children, contexts, run);
      return items.every((item) => spend(1, run) && renderAll(node.children, enter(item), run));
    }
  }
}

function insert(path: Path, dialect: Escape, contexts: readonly JsonNode[], run: Run): boolean {
  const value = lookUp(path, contexts);
  const name = quote(path.join('.') || '.');
  if (value === undefined || value === null) {
    run.problems.add(`inserts ${name}, which ${value === null ? 'is null' : 'the secret does not contain'}`);
    return true;
  }
  const escaped = escapeNode(value, dialect, run.room);
  switch (escaped.kind) {
    case 'text':
      return put(escaped.text, run);
    case 'too-long':
      run.room = -1;
      return false;
    case 'unsupported':
      run.problems.add(
        `inserts ${name}, which contains ${escaped.characters} that the escape ${dialect} cannot represent`,
      );
      // Nothing was written, so only the steps bound how often a long value is visited.
      return spend(typeof value === 'string' ? value.length : MAX_SECRET_BYTES, run);
  }
}

/** The contexts of a section, one for each time that the section is rendered. */
function itemsOf(value: JsonNode | undefined): readonly JsonNode[] {
  if (Array.isArray(value)) return value;
  if (value === undefined || value === null || value === false || value === '') return [];
  return numberOf(value) === 0 ? [] : [value];
}

/**
 * Resolves a path from the nearest context that has the first name, as in Mustache. A key that contains the dots itself,
 * such as `spring.datasource.password`, takes precedence over nested keys. Only own members are read.
 */
function lookUp(path: Path, contexts: readonly JsonNode[]): JsonNode | undefined {
  const [first, ...others] = path;
  if (first === undefined) return contexts.at(-1);
  const whole = path.join('.');
  const nearest = contexts.findLast(
    (context) => member(context, whole) !== undefined || member(context, first) !== undefined,
  );
  if (nearest === undefined) return undefined;
  let found = member(nearest, whole);
  if (found !== undefined) return found;
  found = member(nearest, first);
  for (const name of others) found = found === undefined ? undefined : member(found, name);
  return found;
}

function member(context: JsonNode, name: string): JsonNode | undefined {
  const members = membersOf(context);
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}
