/** From what zod found wrong to problems in our own words. */
import type * as z from 'zod/mini';
import { asArray, asObject, field } from '../../json.ts';
import type { Path } from '../../names/form-subject.ts';
import { nearest } from '../../problems/nearest.ts';
import { printable, quote } from '../../problems/quote.ts';
import type { Complaints } from './complaints.ts';
import { breach, type Rule } from './rules.ts';
import { FIELDS_OF } from './schema.ts';
import { fromOwnKey, REFUSED, type Tree } from './tree.ts';

type Issue = z.core.$ZodIssue;

/** Adds what zod found wrong with a tree. @returns the paths to drop for the rest to be valid */
export function complainOf(issues: readonly Issue[], tree: Tree, complaints: Complaints): readonly Path[] {
  const faulty: Path[] = [];
  for (const issue of issues) complainOfOne(issue, [], tree, complaints, faulty);
  return faulty;
}

function complainOfOne(issue: Issue, above: Path, tree: Tree, complaints: Complaints, faulty: Path[]): void {
  const path: Path = [...above, ...issue.path.filter((part) => typeof part !== 'symbol')];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      faulty.push([...path, key]);
      if (!complaints.full) complainOfUnknown(path, fromOwnKey(key), complaints);
    }
    return;
  }
  if (issue.code === 'invalid_union') {
    // Text or a map: if the value is one of the two, its own faults are what the user has to hear of.
    const inner = issue.errors.find((errors) => errors.some((one) => !isOfOtherKind(one)));
    if (inner !== undefined) {
      for (const one of inner) complainOfOne(one, path, tree, complaints, faulty);
      return;
    }
  }
  if (isLengthOfOtherKind(issue, path, faulty)) return;
  faulty.push(path);
  if (complaints.full) return;
  const shown = path.map((part) => (typeof part === 'string' ? fromOwnKey(part) : part));
  if (issue.code === 'custom') {
    const rule: Rule | undefined = issue.params?.['rule'];
    const wrong =
      rule === undefined ? 'names nothing' : breach(rule, asObject(valueAt(tree.root, path)) ?? {});
    const code = (rule?.kind === 'conflict' ? rule.code : undefined) ?? 'SECRETS_ENTRY_INVALID';
    complaints.add(code, shown, wrong ?? 'breaks a rule', issue.message);
    return;
  }
  const value = valueAt(tree.root, path);
  if (value === REFUSED) return;
  const spelling = tree.spelling(valueAt(tree.root, path.slice(0, -1)), path.at(-1) ?? '');
  complaints.add('SECRETS_ENTRY_INVALID', shown, found(value, spelling), expected(issue, value, spelling));
}

/** Whether an issue only says that the value is not of the kind (text, map, `true`) of this branch. */
function isOfOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** zod counts the length of whatever has one, so text in place of a list would be complained of twice. */
function isLengthOfOtherKind(issue: Issue, path: Path, faulty: readonly Path[]): boolean {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return false;
  const last = faulty.at(-1);
  return last?.length === path.length && last.every((part, index) => part === path[index]);
}

function complainOfUnknown(path: Path, key: string, complaints: Complaints): void {
  const known = fieldsAt(path);
  const match = nearest(key, known);
  complaints.add(
    'SECRETS_ENTRY_INVALID',
    [...path, key],
    'no such field exists here',
    match === undefined ? `known are ${known.join(', ')}` : `did you mean ${match}?`,
  );
}

function fieldsAt(path: Path): readonly string[] {
  const part = path[1];
  return typeof part === 'string' && Object.hasOwn(FIELDS_OF, part)
    ? FIELDS_OF[part as keyof typeof FIELDS_OF]
    : FIELDS_OF.entry;
}

function found(value: unknown, spelling: string | undefined): string {
  if (value === undefined) return 'is missing';
  if (value === null) return spelling === '' ? 'holds nothing' : 'holds null';
  if (value === '') return 'is empty';
  if (typeof value === 'string') return `holds ${quote(value)}`;
  if (typeof value === 'number')
    return `holds the number ${printable(spelling ?? '', 32)}, which is not text`;
  if (typeof value === 'boolean') return `holds ${value} without quotes`;
  const list = asArray(value);
  if (list !== undefined) return list.length === 0 ? 'holds an empty list' : `holds a list of ${list.length}`;
  return 'holds a map';
}

/** What our own schema says it expects; where quotes alone are missing, the text with quotes. */
function expected(issue: Issue, value: unknown, spelling: string | undefined): string {
  const wantsText =
    (issue.code === 'invalid_type' && issue.expected === 'string') ||
    (issue.code === 'invalid_union' && issue.errors.some((errors) => errors.some(isOfText)));
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  if (scalar && wantsText && spelling !== undefined && spelling.length <= 32) {
    return `quote it if it is text: "${spelling}"; else ${issue.message}`;
  }
  if (issue.code === 'invalid_value' && typeof value === 'string') {
    const match = nearest(
      value,
      issue.values.filter((one) => typeof one === 'string'),
    );
    if (match !== undefined) return `${issue.message} (did you mean ${match}?)`;
  }
  return issue.message;
}

function isOfText(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.expected === 'string' && issue.path.length === 0;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const part of path) {
    value = typeof part === 'number' ? asArray(value)?.[part] : field(value, part);
  }
  return value;
}
