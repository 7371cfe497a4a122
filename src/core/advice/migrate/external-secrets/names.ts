/** How External Secrets renames keys: functions of Go, in the cases that can be followed. */
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { gap } from '../model.ts';
import type { Gap } from '../report.ts';

/** Renames a key. */
export type Rename = (name: string) => string;

const RULE = 'write the names in the annotation secrets, field env or files';

/** `regexp.ReplaceAllString` of Go. */
export function readReplacement(source: string, target: string): Result<Rename, Gap> {
  const expression = compile(source, 'g');
  return expression.ok ? ok((name) => replaceAll(name, expression.value, target)) : expression;
}

/** `regexp.MatchString` of Go: whether a name matches somewhere. */
export function readMatcher(source: string): Result<(name: string) => boolean, Gap> {
  const expression = compile(source, '');
  return expression.ok ? ok((name) => expression.value.test(name)) : expression;
}

/**
 * Repetitions that JavaScript can try in very many ways, while Go takes time linear in the name: of a group, and more than
 * three in one expression.
 */
function isCostly(pattern: string): boolean {
  const bare = pattern.replace(/\\./gs, 'x').replace(/\[\^?\]?[^\]]*\]/g, 'x');
  return /\)[*+{]/.test(bare) || (bare.match(/[*+{]/g) ?? []).length > 3;
}

/** Syntax of Go that means something else in JavaScript, or nothing, is refused, and what can take very long. */
function compile(source: string, flags: string): Result<RegExp, Gap> {
  const isInsensitive = source.startsWith('(?i)');
  const pattern = source.replace(/^\(\?i\)/, '').replaceAll('(?P<', '(?<');
  const missing = gap(`the regular expression ${quote(source)} cannot be evaluated here`, RULE);
  if (/\(\?(?!:|<[A-Za-z])|\\[AzQEpPCx]|\[\[:/.test(pattern) || isCostly(pattern)) return missing;
  try {
    return ok(new RegExp(pattern, isInsensitive ? `${flags}i` : flags));
  } catch {
    return missing;
  }
}

function replaceAll(name: string, expression: RegExp, target: string): string {
  let result = '';
  let end = 0;
  for (const match of name.matchAll(expression)) {
    // Go ignores an empty match directly after another one.
    if (match[0] === '' && match.index === end && end > 0) continue;
    result += name.slice(end, match.index) + expand(target, match);
    end = match.index + match[0].length;
  }
  return result + name.slice(end);
}

/** `$1_x` is the group named `1_x`, which is empty if there is none. */
function expand(target: string, match: RegExpExecArray): string {
  return target.replaceAll(/\$(?:\$|\{(\w+)\}|(\w+))/g, (text, braced?: string, plain?: string) => {
    if (text === '$$') return '$';
    const group = braced ?? plain ?? '';
    if (/^\d+$/.test(group)) return match[Number(group)] ?? '';
    return match.groups?.[group] ?? '';
  });
}

const TRANSFORM = /^([^{}]*)\{\{(-\s)?\s*\.value\s*((?:\|[^{}|]+?)*?)(\s-)?\}\}([^{}]*)$/;

/** A template with one insertion, and functions of sprig that are exact here. */
export function readTransform(template: string): Result<Rename, Gap> {
  const [, before = '', left, pipe, right, after = ''] = TRANSFORM.exec(template) ?? [];
  const steps = pipe
    ?.split('|')
    .slice(1)
    .map((step) => readStep(step.trim()));
  if (steps === undefined || !steps.every((step) => step !== undefined))
    return gap(`the template ${quote(template)} cannot be evaluated here`, RULE);
  const start = left === undefined ? before : before.trimEnd();
  const end = right === undefined ? after : after.trimStart();
  return ok((name) => start + steps.reduce((text, step) => step(text), name) + end);
}

function readStep(step: string): Rename | undefined {
  const [name, ...args] = [...step.matchAll(/"([^"\\]*)"|`([^`]*)`|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
  const [first = '', second = ''] = args;
  if (name === 'upper' && args.length === 0) return (text) => text.toUpperCase();
  if (name === 'lower' && args.length === 0) return (text) => text.toLowerCase();
  if (name === 'toString' && args.length === 0) return (text) => text;
  if (name === 'replace' && args.length === 2 && first !== '')
    return (text) => text.replaceAll(first, () => second);
  if (name === 'trimPrefix' && args.length === 1)
    return (text) => (first !== '' && text.startsWith(first) ? text.slice(first.length) : text);
  if (name === 'trimSuffix' && args.length === 1)
    return (text) => (first !== '' && text.endsWith(first) ? text.slice(0, -first.length) : text);
  return undefined;
}

/** The default conversion of keys: what a Secret cannot have becomes `_`. */
export function convertKey(name: string, strategy: string): string {
  return [...name]
    .map((character) => {
      if (/[\p{L}\p{N}._-]/u.test(character)) return character;
      const code = (character.codePointAt(0) ?? 0).toString(16).padStart(4, '0');
      return strategy === 'Unicode' ? `_U${code}_` : '_';
    })
    .join('');
}
