/** From zod's issues to problems in the project's own words. */
import type * as z from 'zod/mini';
import { asArray, asObject, field } from '../../json.ts';
import type { Path } from '../../names/form-subject.ts';
import { nearest } from '../../problems/nearest.ts';
import { printable, quote } from '../../problems/quote.ts';
import { breach, type Rule } from './rules.ts';
import { FIELDS_OF } from './schema.ts';
import { fromOwnKey, REFUSED, type Tree, type TreeFindings } from './tree.ts';

type Issue = z.core.$ZodIssue;

/**
 * Adds the issues that zod found in a tree.
 * @param fieldsAt the known fields of the map at a path @returns the paths to drop so that the rest is valid
 */
export function addIssues(
  issues: readonly Issue[],
  tree: Tree,
  findings: TreeFindings,
  fieldsAt: (path: Path) => readonly string[] = fieldsOfForm,
): readonly Path[] {
  const writer: Writer = { tree, findings, fieldsAt, faulty: [] };
  for (const issue of issues) addIssue(issue, [], writer);
  return writer.faulty;
}

interface Writer {
  readonly tree: Tree;
  readonly findings: TreeFindings;
  readonly fieldsAt: (path: Path) => readonly string[];
  readonly faulty: Path[];
}

function addIssue(issue: Issue, above: Path, writer: Writer): void {
  const { tree, findings, faulty } = writer;
  const path: Path = [...above, ...issue.path.filter((part) => typeof part !== 'symbol')];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      faulty.push([...path, key]);
      if (!findings.isFull) addUnknown(path, fromOwnKey(key), writer);
    }
    return;
  }
  if (issue.code === 'invalid_union') {
    // Text or a map: if the value is one of the two, report the issues of that branch.
    const inner = issue.errors.find((errors) => errors.some((one) => !isOfOtherKind(one)));
    if (inner !== undefined) {
      for (const one of inner) addIssue(one, path, writer);
      return;
    }
  }
  if (isLengthOfOtherKind(issue, path, faulty)) return;
  faulty.push(path);
  if (findings.isFull) return;
  const shown = path.map((part) => (typeof part === 'string' ? fromOwnKey(part) : part));
  if (issue.code === 'custom') {
    const rule: Rule | undefined = issue.params?.['rule'];
    const wrong =
      rule === undefined ? 'the map is empty' : breach(rule, asObject(valueAt(tree.root, path)) ?? {});
    const code = (rule?.kind === 'conflict' ? rule.code : undefined) ?? 'SECRETS_ENTRY_INVALID';
    findings.add(code, shown, wrong ?? 'the value is not valid', issue.message);
    return;
  }
  const value = valueAt(tree.root, path);
  if (value === REFUSED) return;
  const spelling = tree.spelling(valueAt(tree.root, path.slice(0, -1)), path.at(-1) ?? '');
  findings.add('SECRETS_ENTRY_INVALID', shown, found(value, spelling), expected(issue, value, spelling));
}

/** Whether an issue only says that the value has another type (text, map, `true`) than this branch. */
function isOfOtherKind(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** zod checks the length of every value that has one, so text in place of a list would be reported twice. */
function isLengthOfOtherKind(issue: Issue, path: Path, faulty: readonly Path[]): boolean {
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return false;
  const last = faulty.at(-1);
  return last?.length === path.length && last.every((part, index) => part === path[index]);
}

function addUnknown(path: Path, key: string, { findings, fieldsAt }: Writer): void {
  const known = fieldsAt(path);
  const match = nearest(key, known);
  findings.add(
    'SECRETS_ENTRY_INVALID',
    [...path, key],
    'the field does not exist here',
    match === undefined ? `use one of ${known.join(', ')}` : `did you mean ${match}?`,
  );
}

function fieldsOfForm(path: Path): readonly string[] {
  const part = path[1];
  return typeof part === 'string' && Object.hasOwn(FIELDS_OF, part)
    ? FIELDS_OF[part as keyof typeof FIELDS_OF]
    : FIELDS_OF.entry;
}

function found(value: unknown, spelling: string | undefined): string {
  if (value === undefined) return 'the field is missing';
  if (value === null) return spelling === '' ? 'the value is missing' : 'the value is null';
  if (value === '') return 'the value is empty';
  if (typeof value === 'string') return `the value is ${quote(value)}`;
  if (typeof value === 'number') return `the value is the number ${printable(spelling ?? '', 32)}, not text`;
  if (typeof value === 'boolean') return `the value is ${value} without quotes`;
  const list = asArray(value);
  if (list !== undefined)
    return list.length === 0 ? 'the list is empty' : `the value is a list of ${list.length}`;
  return 'the value is a map';
}

/** What the schema expects; where only quotes are missing, the text with quotes. */
function expected(issue: Issue, value: unknown, spelling: string | undefined): string {
  const wantsText =
    (issue.code === 'invalid_type' && issue.expected === 'string') ||
    (issue.code === 'invalid_union' && issue.errors.some((errors) => errors.some(isOfText)));
  const scalar = typeof value === 'number' || typeof value === 'boolean';
  if (scalar && wantsText && spelling !== undefined && spelling.length <= 32) {
    return `if this is text, quote it: "${spelling}"; otherwise ${issue.message}`;
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
