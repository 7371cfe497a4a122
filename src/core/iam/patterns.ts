/**
 * Patterns of policies: wildcards, policy variables and ARNs (IAM User Guide, "Resource" and "IAM policy elements:
 * Variables and tags").
 */
import { type Certainty, certain } from './certainty.ts';
import type { RequestContext } from './request-context.ts';

/** Stand for `*` and `?` in a pattern, so that these characters of an inserted value are only themselves. */
const ANY = '\ue000';
const ONE = '\ue001';
/** In a text: a character that is not known, such as those of the suffix that a partial ARN lacks. */
export const UNKNOWN_CHARACTER = '\ue002';

export interface Pattern {
  /** With marks in place of wildcards. */
  readonly marked: string;
  /** Whether the value of every variable is known. Otherwise, a wildcard stands for it. */
  readonly isExact: boolean;
}

export interface PatternSettings {
  /** Values of policy variables; undefined in policies of version 2008-10-17, where they are plain text. */
  readonly variables: RequestContext | undefined;
  /** Whether `*` and `?` are wildcards. */
  readonly hasWildcards: boolean;
}

/** Reads a pattern. @returns undefined if it has a variable without a value, so that it matches nothing */
export function readPattern(text: string, { variables, hasWildcards }: PatternSettings): Pattern | undefined {
  if (variables === undefined || !text.includes('${'))
    return { marked: hasWildcards ? mark(text) : text, isExact: true };
  let marked = '';
  let isExact = true;
  let at = 0;
  for (const { index, 0: whole, 1: body = '' } of text.matchAll(/\$\{([^}]*)\}/g)) {
    const before = text.slice(at, index);
    at = index + whole.length;
    const value = variableValue(body, variables);
    if (value === undefined) return undefined;
    isExact &&= value !== 'unknown';
    marked += (hasWildcards ? mark(before) : before) + (value === 'unknown' ? ANY : value.text);
  }
  const rest = text.slice(at);
  return { marked: marked + (hasWildcards ? mark(rest) : rest), isExact };
}

function mark(text: string): string {
  return text.replaceAll(/\*+/g, ANY).replaceAll('?', ONE);
}

/** The value of a variable such as `aws:PrincipalTag/team, 'none'`. */
function variableValue(
  body: string,
  variables: RequestContext,
): { readonly text: string } | 'unknown' | undefined {
  if (body === '*' || body === '?' || body === '$') return { text: body };
  const [, key = '', fallback] = /^\s*([^,]+?)\s*(?:,\s*'([^']*)'\s*)?$/s.exec(body) ?? [];
  const value = key === '' ? 'unknown' : variables.get(key);
  if (value === 'absent') return fallback === undefined ? undefined : { text: fallback };
  const [only, ...others] = value === 'unknown' ? [] : value;
  return only === undefined || others.length > 0 ? 'unknown' : { text: only };
}

/** The part of a pattern before its first wildcard. */
export function literalStart({ marked }: Pattern): string {
  const end = marked.search(/[\ue000\ue001]/);
  return end < 0 ? marked : marked.slice(0, end);
}

/** Whether a text matches a pattern, in time that is at most the product of both lengths. */
export function matchesText({ marked, isExact }: Pattern, text: string): Certainty {
  if (matchesMarked(marked, text)) return isExact ? 'yes' : 'unknown';
  const isOpen = text.includes(UNKNOWN_CHARACTER) && matchesMarked(marked, text, UNKNOWN_CHARACTER);
  return isOpen ? 'unknown' : 'no';
}

/** @param joker a character of the text that matches every character of the pattern */
function matchesMarked(pattern: string, text: string, joker?: string): boolean {
  let [p, t] = [0, 0];
  /** Where to continue if the last star has to stand for one more character. */
  let [star, restart] = [-1, 0];
  while (t < text.length) {
    const expected = pattern[p];
    if (expected === ANY) {
      star = p;
      restart = t;
      p += 1;
    } else if (expected === ONE || (expected !== undefined && (expected === text[t] || text[t] === joker))) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      restart += 1;
      t = restart;
    } else return false;
  }
  while (pattern[p] === ANY) p += 1;
  return p === pattern.length;
}

/**
 * Whether a resource matches the pattern of a statement. A `*` at the end of a field can stand for further fields; about
 * one inside a field the guide of IAM says only that it should not.
 */
export function matchesResource(pattern: Pattern, arn: string): Certainty {
  const whole = matchesText(pattern, arn);
  if (whole !== 'yes' || !/\ue000[^:\ue000]/.test(pattern.marked)) return whole;
  return matchesArn(pattern, arn) === 'yes' ? 'yes' : 'unknown';
}

/** The comparison of `ArnLike`: field by field. The sixth field can contain colons. */
export function matchesArn({ marked, isExact }: Pattern, arn: string): Certainty {
  const [patterns, fields] = [fieldsOf(marked), fieldsOf(arn)];
  if (patterns === undefined || fields === undefined) return isExact ? 'no' : 'unknown';
  const matches = fields.every((field, index) => matchesMarked(patterns[index] ?? '', field));
  return matches && !isExact ? 'unknown' : certain(matches);
}

function fieldsOf(arn: string): readonly string[] | undefined {
  const fields = arn.split(':');
  if (fields.length < 6) return undefined;
  return [...fields.slice(0, 5), fields.slice(5).join(':')];
}
