/** Paths of gjson, which External Secrets uses for `property`, as JMESPath. */
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { gap, type Value } from '../model.ts';
import type { Gap } from '../report.ts';

export interface Property extends Pick<Value, 'key' | 'jmesPath'> {
  /** What is read differently. */
  readonly changed?: string;
}

/** Converts a path. @see https://github.com/tidwall/gjson/blob/master/SYNTAX.md */
export function readProperty(path: string): Result<Property, Gap> {
  const parts = partsOf(path);
  if (parts === undefined || parts.some((part) => part === ''))
    return gap(
      `the property ${quote(path)} uses a query or modifier of gjson`,
      'write it as a JMESPath expression in the annotation secrets, field jmesPath',
    );
  const [only = ''] = parts;
  if (parts.length === 1) return ok({ key: only });
  const steps: string[] = [];
  const changes: string[] = [];
  for (const [index, part] of parts.entries()) {
    const name = index === 0 ? identifier(part) : `.${identifier(part)}`;
    if (part === '#' && index === parts.length - 1) return ok({ jmesPath: `length(${steps.join('')})` });
    if (part === '#') steps.push('[*]');
    else if (index > 0 && /^\d+$/.test(part)) {
      steps.push(`[${Number(part)}]`);
      changes.push(`"${part}" is read as a position in a list, not as a key`);
    } else steps.push(name);
  }
  changes.unshift(`"${path}" is read as nested keys, even if the secret has a key of that name`);
  return ok({ jmesPath: steps.join(''), changed: changes.join('; ') });
}

/** The names between the dots, without escapes. @returns undefined for anything but names */
function partsOf(path: string): readonly string[] | undefined {
  const parts = [''];
  for (let at = 0; at < path.length; at += 1) {
    const character = path.charAt(at);
    if (character === '\\') {
      at += 1;
      parts.push(`${parts.pop()}${path.charAt(at)}`);
    } else if (character === '.') parts.push('');
    else if ('*?|@!{}[]()"'.includes(character)) return undefined;
    else parts.push(`${parts.pop()}${character}`);
  }
  return parts.some((part) => part.includes('#') && part !== '#') || parts[0] === '#' ? undefined : parts;
}

/** A name in JMESPath. */
export function identifier(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
}
