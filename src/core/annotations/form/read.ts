/** From the text of the annotation `secrets` to typed entries. */

import { asArray, asObject, field, type JsonObject } from '../../json.ts';
import { MAX_REFERENCES } from '../../limits.ts';
import { type Path, subjectAt } from '../../names/form-subject.ts';
import type { Findings } from '../../problems/findings.ts';
import { FormFindings } from './form-findings.ts';
import { addIssues } from './issues.ts';
import {
  ENTRIES,
  ENTRY,
  type EntryForm,
  type EnvFromForm,
  type FileForm,
  type FilesFromForm,
  MAX_ENTRIES,
  type VariableForm,
} from './schema.ts';
import { fromOwnKey, readTree } from './tree.ts';

/** A variable or file under the name that the user chose. Without `key` and `jmesPath` it is the whole value. */
export type Named<Form> = Form & {
  readonly name: string;
  /** Its place in the form, for messages. */
  readonly subject: string;
};

/** One entry of the form. Names, ARNs and expressions are as written; they are checked later. */
export interface Entry {
  /** Its place in the list. */
  readonly index: number;
  /** Its place in the form, for messages. */
  readonly subject: string;
  readonly secret: string;
  readonly env: readonly Named<VariableForm>[];
  readonly envFrom: EnvFromForm | undefined;
  readonly files: readonly Named<FileForm>[];
  readonly filesFrom: FilesFromForm | undefined;
  readonly containers: readonly string[] | undefined;
  readonly versionStage: string | undefined;
  readonly versionId: string | undefined;
  readonly optional: boolean | undefined;
  /** Regions that have a replica, in order. */
  readonly failover: readonly string[] | undefined;
}

/**
 * Reads the text of the annotation `secrets`. Never throws; the work is bounded whatever the text.
 * @returns the entries; with problems, those that could be read, so that they can be checked further
 */
export function readSecretsForm(text: string, findings: Findings): readonly Entry[] {
  const found = new FormFindings(findings);
  const tree = readTree(text, found);
  if (tree === undefined) return [];
  const count = countOfNames(tree.root);
  if (count > MAX_REFERENCES) {
    const expected = `request at most ${MAX_REFERENCES}; envFrom and filesFrom use all keys of a secret at once`;
    found.add('TOO_MANY_REFERENCES', [], `the form requests ${count} variables and files`, expected);
    return [];
  }
  const root = asArray(tree.root);
  // For a list that is too long, one problem is enough: entries after the limit are not read.
  const result = ENTRIES.safeParse(
    root !== undefined && root.length > MAX_ENTRIES ? root.slice(0, MAX_ENTRIES + 1) : tree.root,
  );
  const forms: (EntryForm | undefined)[] = result.success
    ? result.data
    : withoutFaults(root ?? [], addIssues(result.error.issues, tree, found));
  const entries: Entry[] = [];
  for (const [index, form] of forms.entries()) {
    if (form !== undefined) entries.push(entryOf(form, index));
  }
  return entries;
}

/** The number of variables and files that the form names, and of uses of all keys of a secret. */
function countOfNames(root: unknown): number {
  let count = 0;
  for (const entry of asArray(root) ?? []) {
    for (const part of ['env', 'files']) count += Object.keys(asObject(field(entry, part)) ?? {}).length;
    // Keys in include become variables by name.
    const include = asArray(field(field(entry, 'envFrom'), 'include'));
    count += include?.length ?? (field(entry, 'envFrom') === undefined ? 0 : 1);
    if (field(entry, 'filesFrom') !== undefined) count += 1;
  }
  return count;
}

/** Entries without their faulty fields (in `env` and `files`: names); undefined where too little remains. */
function withoutFaults(root: readonly unknown[], faulty: readonly Path[]): (EntryForm | undefined)[] {
  const dropped = new Map<unknown, Set<string>>();
  for (const [index, part = '', name] of faulty) {
    const known = dropped.get(index) ?? new Set();
    dropped.set(index, known.add(dropKey(part, name)));
  }
  return root.slice(0, MAX_ENTRIES).map((entry, index) => {
    const drops = dropped.get(index) ?? new Set();
    const object = asObject(entry);
    if (object === undefined || drops.has(dropKey('', undefined))) return undefined;
    const parsed = ENTRY.safeParse(without(object, drops));
    return parsed.success ? parsed.data : undefined;
  });
}

function without(entry: JsonObject, drops: ReadonlySet<string>): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const [part, value] of Object.entries(entry)) {
    if (drops.has(dropKey(part, undefined))) continue;
    const names = isNamed(part) ? asObject(value) : undefined;
    kept[part] =
      names === undefined
        ? value
        : Object.fromEntries(Object.entries(names).filter(([name]) => !drops.has(dropKey(part, name))));
  }
  return kept;
}

/** Keys contain NUL only as the last character, so this is unambiguous. */
function dropKey(part: string | number, name: string | number | undefined): string {
  return typeof part === 'string' && isNamed(part) && name !== undefined ? `${part}\0${name}` : `${part}`;
}

function isNamed(part: string): boolean {
  return part === 'env' || part === 'files';
}

function entryOf(form: EntryForm, index: number): Entry {
  return {
    index,
    subject: subjectAt([index]),
    secret: form.secret,
    env: namedOf(form.env, [index, 'env']),
    envFrom: form.envFrom === true ? {} : form.envFrom,
    files: namedOf(form.files, [index, 'files']),
    filesFrom: form.filesFrom,
    containers: form.containers,
    versionStage: form.versionStage,
    versionId: form.versionId,
    optional: form.optional,
    failover: form.failover,
  };
}

function namedOf<Form extends object>(
  map: Readonly<Record<string, string | Form>> | undefined,
  path: Path,
): readonly Named<Form | { key: string }>[] {
  return Object.entries(map ?? {}).map(([key, form]) => {
    const name = fromOwnKey(key);
    return {
      ...(typeof form === 'string' ? { key: form } : form),
      name,
      subject: subjectAt([...path, name]),
    };
  });
}
