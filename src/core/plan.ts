/**
 * The plan: what the fetcher will do. The webhook fixes it at admission, it travels as JSON in one environment
 * variable of the init container, and it is the only contract between the two programs. It holds references
 * and names, never values.
 */

import { annotationKey } from './annotations.ts';
import { parseArn, type SecretArn } from './arn.ts';
import { isEnvName } from './env-names.ts';
import { asArray, asObject, field, integerField, textField } from './json.ts';
import { fileNameFault } from './paths.ts';
import type { FetchProblem } from './problems.ts';

/** Raised when an older fetcher could not follow a newer plan. */
export const PLAN_VERSION = 1;
/** The environment variable that carries the plan. */
export const PLAN_VARIABLE = 'SECRETS_INJECTOR_PLAN';
/** Directory of the fetcher under which each view's volume is mounted by its name. */
export const VIEWS_DIRECTORY = '/secrets';
/** The file of a view that holds its variables. */
export const ENV_FILE = 'env';
export const MAX_PLAN_BYTES = 96 * 1024;
export const MAX_REFERENCES = 500;

export type FileMode = '0400' | '0440' | '0444';

/** One version of one secret: fetched once, however many references it has. */
export interface PlanSecret {
  readonly arn: string;
  readonly stage?: string;
  readonly versionId?: string;
}

/** `secret` is an index into the plan's secrets. Without a key the whole value is meant. */
export interface PlanVariable {
  readonly name: string;
  readonly secret: number;
  readonly key?: string;
}

export interface PlanVariables {
  readonly id: string;
  readonly secret: number;
}

export interface PlanFile {
  readonly path: string;
  readonly secret: number;
  readonly key?: string;
}

export interface PlanDirectory {
  readonly directory: string;
  readonly secret: number;
}

/** The containers that receive a view, by how its variables reach them. */
export interface Receivers {
  /** Their command is prefixed with a shell that reads the env file. */
  readonly shell: readonly string[];
  /** They read files, the env file among them. */
  readonly file: readonly string[];
}

/** What one set of containers may see: one volume with one env file (if there are variables) and files. */
export interface PlanView {
  readonly volume: string;
  /** Recorded at the first pass, because later webhooks may add containers, and settings may change. */
  readonly receivers: Receivers;
  readonly fileMode: FileMode;
  readonly format: 'shell';
  readonly env: readonly PlanVariable[];
  readonly envFrom: readonly PlanVariables[];
  readonly files: readonly PlanFile[];
  readonly filesFrom: readonly PlanDirectory[];
  /** Variables that receiving containers declare themselves: `envFrom` must not bring one of these. */
  readonly declared: readonly string[];
}

export interface Plan {
  readonly version: typeof PLAN_VERSION;
  /** Total deadline of the fetcher, in seconds. */
  readonly timeoutSeconds: number;
  readonly secrets: readonly PlanSecret[];
  readonly views: readonly PlanView[];
}

/** The plan as text. The same plan always gives the same text, so that texts can be compared. */
export function formatPlan(plan: Plan): string {
  return JSON.stringify(plan);
}

/** The names of all containers that receive a view. */
export function receiverNames({ shell, file }: Receivers): readonly string[] {
  return [...shell, ...file];
}

/** The annotation that asked for an entry of the plan, to be named in messages. */
export const subjectOf = {
  env: (entry: PlanVariable): string => annotationKey('env', entry.name),
  envFrom: (entry: PlanVariables): string => annotationKey('env-from', entry.id),
  files: (entry: PlanFile): string => annotationKey('file', entry.path),
  filesFrom: (entry: PlanDirectory): string => annotationKey('file-from', entry.directory),
};

/** The annotations that ask for one secret of the plan. */
export function subjectsOfSecret(plan: Plan, secret: number): readonly string[] {
  const subjects: string[] = [];
  for (const view of plan.views) {
    for (const entry of view.env) if (entry.secret === secret) subjects.push(subjectOf.env(entry));
    for (const entry of view.envFrom) if (entry.secret === secret) subjects.push(subjectOf.envFrom(entry));
    for (const entry of view.files) if (entry.secret === secret) subjects.push(subjectOf.files(entry));
    for (const entry of view.filesFrom)
      if (entry.secret === secret) subjects.push(subjectOf.filesFrom(entry));
  }
  return subjects;
}

/** A plan read back, with the ARN of each of its secrets parsed. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly arns: readonly SecretArn[];
}

/**
 * Reads a plan and checks every part of it, since anybody who can create a pod can write one.
 * @returns the plan, or the one problem that makes it unusable
 */
export function readPlan(text: string | undefined): ReadPlan | FetchProblem {
  if (text === undefined || text === '')
    return fault('the variable is not set', 'the webhook sets it: let it inject the container');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fault('the plan is not JSON', REWRITTEN);
  }
  const version = field(json, 'version');
  if (version !== PLAN_VERSION) {
    return fault(
      `the plan's version is ${typeof version === 'number' ? version : 'missing'}, this fetcher reads ${PLAN_VERSION}`,
      'use the same release for the webhook and its image',
    );
  }
  const plan = checkedPlan(json);
  if (plan === undefined) return fault('the plan does not have its shape', REWRITTEN);
  const arns: SecretArn[] = [];
  for (const secret of plan.secrets) {
    const arn = parseArn(secret.arn, PLAN_VARIABLE);
    if ('code' in arn) return fault(arn.wrong, arn.expected);
    arns.push(arn);
  }
  return { plan, arns };
}

const REWRITTEN = 'something rewrote it after the webhook: create the pod again';

function fault(wrong: string, expected: string): FetchProblem {
  return { code: 'PLAN_INVALID', subject: PLAN_VARIABLE, wrong, expected };
}

function checkedPlan(json: unknown): Plan | undefined {
  const timeoutSeconds = integerField(json, 'timeoutSeconds');
  const secrets = listOf(field(json, 'secrets'), secretOf);
  if (timeoutSeconds === undefined || timeoutSeconds < 1 || timeoutSeconds > 3600 || secrets === undefined)
    return undefined;
  const views = listOf(field(json, 'views'), (view) => viewOf(view, secrets.length));
  if (views === undefined || views.length === 0) return undefined;
  return { version: PLAN_VERSION, timeoutSeconds, secrets, views };
}

function secretOf(json: unknown): PlanSecret | undefined {
  const arn = textField(json, 'arn');
  if (arn === undefined) return undefined;
  return { arn, ...optionalText(json, 'stage'), ...optionalText(json, 'versionId') };
}

function viewOf(json: unknown, secrets: number): PlanView | undefined {
  const volume = textField(json, 'volume');
  const fileMode = textField(json, 'fileMode');
  const receivers = receiversOf(field(json, 'receivers'));
  const declared = listOf(field(json, 'declared'), textOf);
  const env = listOf(field(json, 'env'), (entry) => entryOf(entry, 'name', secrets));
  const envFrom = listOf(field(json, 'envFrom'), (entry) => entryOf(entry, 'id', secrets));
  const files = listOf(field(json, 'files'), (entry) => entryOf(entry, 'path', secrets));
  const filesFrom = listOf(field(json, 'filesFrom'), (entry) => entryOf(entry, 'directory', secrets));
  if (volume === undefined || !/^aws-secrets(-\d{1,3})?$/.test(volume)) return undefined;
  if (fileMode !== '0400' && fileMode !== '0440' && fileMode !== '0444') return undefined;
  if (field(json, 'format') !== 'shell') return undefined;
  if (!receivers || !declared || !env || !envFrom || !files || !filesFrom) return undefined;
  // A name becomes part of a line or of a path, so a forged one could write where it should not.
  if (!env.every((entry) => isEnvName(entry.name))) return undefined;
  const names = [...files.map((entry) => entry.path), ...filesFrom.map((entry) => entry.directory)];
  if (names.some((name) => fileNameFault(name) !== undefined)) return undefined;
  return { volume, receivers, fileMode, format: 'shell', env, envFrom, files, filesFrom, declared };
}

function receiversOf(json: unknown): Receivers | undefined {
  const shell = listOf(field(json, 'shell'), textOf);
  const file = listOf(field(json, 'file'), textOf);
  return shell === undefined || file === undefined ? undefined : { shell, file };
}

function entryOf<Name extends string>(
  json: unknown,
  nameField: Name,
  secrets: number,
): (Readonly<Record<Name, string>> & { secret: number; key?: string }) | undefined {
  const name = textField(json, nameField);
  const secret = integerField(json, 'secret');
  if (name === undefined || secret === undefined || secret < 0 || secret >= secrets) return undefined;
  const named = { [nameField]: name } as Readonly<Record<Name, string>>;
  return { ...named, secret, ...optionalText(json, 'key') };
}

function optionalText<Name extends string>(json: unknown, name: Name): { readonly [name in Name]?: string } {
  const text = textField(json, name);
  return (text === undefined ? {} : { [name]: text }) as { readonly [name in Name]?: string };
}

function textOf(json: unknown): string | undefined {
  return typeof json === 'string' ? json : undefined;
}

/** Every element read, or undefined if the value is no list or one of them cannot be read. */
function listOf<T>(json: unknown, read: (element: unknown) => T | undefined): readonly T[] | undefined {
  const list = asArray(json);
  if (list === undefined) return undefined;
  const out: T[] = [];
  for (const element of list) {
    if (typeof element !== 'string' && asObject(element) === undefined) return undefined;
    const one = read(element);
    if (one === undefined) return undefined;
    out.push(one);
  }
  return out;
}
