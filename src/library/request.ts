/** What a pod requests, and its annotations. */
import { readAnnotations } from '../core/annotations/annotations.ts';
import { readAsked } from '../core/annotations/read-asked.ts';
import { annotationKey, FORM, isOption, OPTIONS, type Option } from '../core/names/annotation-keys.ts';
import { Findings } from '../core/problems/findings.ts';
import { formatProblems, type Problem } from '../core/problems/problems.ts';
import {
  type FileKeyOptions,
  type FileValue,
  type Keys,
  Secret,
  type Value,
  type VariableKeyOptions,
} from './secret.ts';

/** What containers receive. A secret stands for its whole value, or for all of its keys. */
export interface Receives {
  /** Variables by name. */
  readonly env?: Readonly<Record<string, Secret | Value>>;
  /** Secrets whose keys become variables. */
  readonly envFrom?: readonly (Secret | Keys<VariableKeyOptions>)[];
  /** Files by path, relative to the mount path. */
  readonly files?: Readonly<Record<string, Secret | FileValue>>;
  /** Secrets whose keys become files, by directory. */
  readonly filesFrom?: Readonly<Record<string, Secret | Keys<FileKeyOptions>>>;
}

export interface Request extends Receives {
  /** What only some containers receive. */
  readonly only?: readonly (Receives & { readonly containers: readonly string[] })[];
  /** Options of the pod, by the name of their annotation, such as `'mount-path'`. */
  readonly options?: Partial<Readonly<Record<Option, string | number | boolean>>>;
}

/** Thrown for a request that the webhook would deny. It has all problems. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(formatProblems(problems));
    this.problems = problems;
  }
}

interface Entry {
  readonly secret: string;
  readonly env: Record<string, unknown>;
  readonly files: Record<string, unknown>;
  readonly more: Readonly<Record<string, unknown>>;
}

/**
 * The annotations for a pod or a pod template.
 * @throws RequestError with all problems, which name the annotations and the fields of the YAML form
 */
export function annotations(request: Request): Record<string, string> {
  const made: Record<string, string> = {};
  const findings = new Findings();
  for (const [name, value] of Object.entries(request.options ?? {})) {
    if (!isOption(name)) findings.add(unknownOption(name));
    else if (value !== undefined) made[annotationKey(name)] = String(value);
  }
  const { only = [], ...all } = request;
  const entries = [...entriesOf(all, undefined), ...only.flatMap((some) => entriesOf(some, some.containers))];
  // JSON is YAML, and has one way to write each text.
  if (entries.length > 0) made[annotationKey(FORM)] = JSON.stringify(entries, undefined, 2);
  readAsked(readAnnotations(made, findings), '', { image: '' }, findings);
  if (!findings.isClean) throw new RequestError(findings.problems);
  return made;
}

/** One entry of the YAML form for each version of a secret, and one for each that brings all of its keys. */
function entriesOf(
  { env = {}, envFrom = [], files = {}, filesFrom = {} }: Receives,
  containers: readonly string[] | undefined,
): readonly object[] {
  const entries = new Map<string, Entry>();
  const common = containers === undefined ? {} : { containers };
  const entryOf = (secret: Secret): Entry => {
    const more = { ...versionOf(secret), ...common };
    const key = JSON.stringify([secret.arn, more]);
    const entry = entries.get(key) ?? { secret: secret.arn, env: {}, files: {}, more };
    entries.set(key, entry);
    return entry;
  };
  for (const [name, value] of Object.entries(env)) {
    const [from, options] = selectionOf(value);
    define(entryOf(from).env, name, options);
  }
  for (const [name, value] of Object.entries(files)) {
    const [from, options] = selectionOf(value);
    define(entryOf(from).files, name, options);
  }
  const named = [...entries.values()].map(({ secret, env: variables, files: paths, more }) => ({
    secret,
    ...(Object.keys(variables).length > 0 ? { env: variables } : {}),
    ...(Object.keys(paths).length > 0 ? { files: paths } : {}),
    ...more,
  }));
  const keyed = (value: Secret | Keys, use: (keys: object | undefined) => object): object => {
    if (value instanceof Secret)
      return { secret: value.arn, ...use(undefined), ...versionOf(value), ...common };
    const { secret: from, keys } = value;
    const { optional, ...others } = keys;
    const missing = optional === undefined ? {} : { optional };
    return { secret: from.arn, ...use(others), ...versionOf(from), ...common, ...missing };
  };
  return [
    ...named,
    ...envFrom.map((value) => keyed(value, (keys) => ({ envFrom: keys ?? true }))),
    ...Object.entries(filesFrom).map(([directory, value]) =>
      keyed(value, (keys) => ({ filesFrom: { directory, ...keys } })),
    ),
  ];
}

/** An own property, also for the name `__proto__`. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true });
}

function selectionOf(value: Secret | Value | FileValue): readonly [Secret, object | string] {
  if (value instanceof Secret) return [value, {}];
  const { key, ...others } = value.options;
  // The short form of `{ key }`.
  const isShort = key !== undefined && Object.values(others).every((one) => one === undefined);
  return [value.secret, isShort ? key : value.options];
}

function versionOf({ version: { stage, id, failover } }: Secret): object {
  return {
    ...(stage === undefined ? {} : { versionStage: stage }),
    ...(id === undefined ? {} : { versionId: id }),
    ...(failover === undefined ? {} : { failover }),
  };
}

function unknownOption(name: string): Problem {
  return {
    code: 'ANNOTATION_UNKNOWN',
    subject: `options.${name}`,
    wrong: 'the option does not exist',
    expected: `use one of ${Object.keys(OPTIONS).join(', ')}`,
  };
}
