/** The YAML form: the text of the annotation `secrets` → typed entries, or every problem that it has. */

import { asArray, asObject, field, type JsonObject } from '../../json.ts';
import { MAX_REFERENCES } from '../../limits.ts';
import { type Path, subjectAt } from '../../names/form-subject.ts';
import type { Problem } from '../../problems/problems.ts';
import { Complaints } from './complaints.ts';
import { complainOf } from './issues.ts';
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

/** Something asked for by a name of the user's; without `key` and `jmesPath` the whole value is meant. */
export type Named<Form> = Form & {
  readonly name: string;
  /** Where it stands, for messages. */
  readonly subject: string;
};

/** One entry of the form. Names, ARNs and expressions in it are as written: they are not judged here. */
export interface Entry {
  /** Its place in the list. */
  readonly index: number;
  /** Where it stands, for messages. */
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
}

export interface SecretsForm {
  /** With problems, what could be read nevertheless, so that it can be judged further. */
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

/** Reads the text of the annotation `secrets`. Never throws; work is bounded whatever the text. */
export function readSecretsForm(text: string): SecretsForm {
  const complaints = new Complaints();
  const tree = readTree(text, complaints);
  if (tree === undefined) return { entries: [], problems: complaints.list };
  const count = countOfNames(tree.root);
  if (count > MAX_REFERENCES) {
    const expected = `ask for at most ${MAX_REFERENCES}; envFrom and filesFrom take all keys of a secret at once`;
    complaints.add('TOO_MANY_REFERENCES', [], `the form asks for ${count} things`, expected);
    return { entries: [], problems: complaints.list };
  }
  const root = asArray(tree.root);
  // Of a list that is too long, one complaint is enough: what is behind the limit is not looked at.
  const result = ENTRIES.safeParse(
    root !== undefined && root.length > MAX_ENTRIES ? root.slice(0, MAX_ENTRIES + 1) : tree.root,
  );
  const forms: (EntryForm | undefined)[] = result.success
    ? result.data
    : withoutFaults(root ?? [], complainOf(result.error.issues, tree, complaints));
  const entries: Entry[] = [];
  for (const [index, form] of forms.entries()) {
    if (form === undefined) continue;
    if (form.failover !== undefined) {
      const wrong = 'this version of aws-secrets-injector cannot do this yet';
      complaints.add('ANNOTATION_UNAVAILABLE', [index, 'failover'], wrong, 'remove it');
    }
    entries.push(entryOf(form, index));
  }
  return { entries, problems: complaints.list };
}

/** How many variables and files an annotation names, and how many times it takes all keys. */
function countOfNames(root: unknown): number {
  let count = 0;
  for (const entry of asArray(root) ?? []) {
    for (const part of ['env', 'files']) count += Object.keys(asObject(field(entry, part)) ?? {}).length;
    for (const part of ['envFrom', 'filesFrom']) if (field(entry, part) !== undefined) count += 1;
  }
  return count;
}

/** Entries without their faulty fields (of `env` and `files`: names); undefined where too little is left. */
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

/** Keys cannot hold NUL except as the last character, so this is unambiguous. */
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
