/**
 * The plan: what the fetcher does. The webhook makes it at admission and passes it as JSON in one environment variable of
 * the init container. It is the only contract between the two programs. It contains references and names, never values.
 */
import type { Dialect } from '../formats/index.ts';
import type { PemPart } from '../secret/pem.ts';
import type { Escape } from '../template/escapes.ts';
import type { FileMode } from './file-mode.ts';
import type { PlanRefresh } from './refresh.ts';

/** Increased when older fetchers cannot follow a newer plan. */
export const PLAN_VERSION = 1;
/** The environment variable with the plan. */
export const PLAN_VARIABLE = 'SECRETS_INJECTOR_PLAN';

/** One version of one secret: fetched once, however many references it has. */
export interface PlanSecret {
  readonly arn: string;
  readonly stage?: string;
  readonly versionId?: string;
  /** The version that `pin-version` selects, instead of that of the staging label. */
  readonly pinned?: string;
  /** Regions that have a replica, in the order in which they are tried after the Region of the ARN. */
  readonly failover?: readonly string[];
}

/** The entry of the YAML form that a reference comes from, for messages; undefined for an annotation of its own. */
interface Asked {
  readonly entry?: number;
}

/** The secret of a reference, as an index into the plan's secrets, and whether the value may be missing. */
interface Source extends Asked {
  readonly secret: number;
  readonly optional?: true;
}

/** One value: the whole secret, one of its keys, or the result of an expression. */
export interface Selection extends Source {
  /** A literal top-level key. */
  readonly key?: string;
  readonly jmesPath?: string;
  readonly decode?: 'base64';
  /** Used when the value is missing, without decoding. */
  readonly default?: string;
}

export interface PlanVariable extends Selection {
  readonly name: string;
}

/** The use of all keys of a secret, and what to do when a name is already in use. */
interface Expansion extends Source {
  /** Keys to leave out; `*` matches any characters. */
  readonly exclude?: readonly string[];
  /** Otherwise a name that is in use is a problem. */
  readonly onCollision?: 'skip';
}

/** Every key of a secret as a variable. */
export interface PlanVariables extends Expansion {
  /** The text after `env-from.`; entries of the YAML form have none. */
  readonly id?: string;
  readonly prefix?: string;
  readonly case?: 'upper' | 'lower';
}

export interface PlanFile extends Selection {
  readonly path: string;
  /** By default that of the view. */
  readonly mode?: FileMode;
  /** Writes the whole JSON secret in this format. */
  readonly format?: Dialect;
  readonly template?: string;
  /** The escape of insertions that do not name one. */
  readonly escape?: Escape;
  /** The part of a PEM bundle to write. */
  readonly pem?: PemPart;
}

/** Every key of a secret as a file in a directory. */
export interface PlanDirectory extends Expansion {
  readonly directory: string;
  /** The keys to use; by default all. */
  readonly include?: readonly string[];
  readonly mode?: FileMode;
}

/** The containers that receive a view, by env-mode. */
export interface Receivers {
  /** kubelet sets the variables from the env file. */
  readonly native: readonly string[];
  /** The command is prefixed with a shell that reads the env file. */
  readonly shell: readonly string[];
  /** The application reads the files, including the env file. */
  readonly file: readonly string[];
}

/** What one set of containers may see: one volume with files and, if there are variables, an env file. */
export interface PlanView {
  readonly volume: string;
  /** Recorded at the first pass, because other webhooks may add containers and settings may change. */
  readonly receivers: Receivers;
  readonly fileMode: FileMode;
  readonly format: Dialect;
  readonly env: readonly PlanVariable[];
  readonly envFrom: readonly PlanVariables[];
  readonly files: readonly PlanFile[];
  readonly filesFrom: readonly PlanDirectory[];
  /** Variables that receiving containers declare: `envFrom` must not provide one of them. */
  readonly declared: readonly string[];
  /** Set for the view that the kubelet check reads its probe variable from. */
  readonly probe?: true;
  /** Writes a file that lists what was delivered. */
  readonly manifest?: true;
}

export interface Plan {
  readonly version: typeof PLAN_VERSION;
  /** Total deadline of the fetcher, in seconds. */
  readonly timeoutSeconds: number;
  readonly secrets: readonly PlanSecret[];
  readonly views: readonly PlanView[];
  /** Keeps the files up to date while the pod runs; without it, the fetcher ends after the first fetch. */
  readonly refresh?: PlanRefresh;
}

/**
 * The plan as text. Two properties are part of the contract: the same plan always gives the same text, so that a second
 * pass can compare texts; and members are in the order of `makePlan`, because the guard's CEL expressions search the text
 * for sequences of members.
 *
 * kubelet expands `$(NAME)` in variables and turns `$$` into `$`, so the `$` of both is escaped: the fetcher must read
 * what was decided here.
 */
export function formatPlan(plan: Plan): string {
  return JSON.stringify(plan).replace(/\$(?=[$(])/g, '\\u0024');
}

/** The names of all containers that receive a view. */
export function receiverNames({ native, shell, file }: Receivers): readonly string[] {
  return [...native, ...shell, ...file];
}

/** The references of a view. */
export function referencesOf(view: PlanView): readonly (Selection | PlanVariables | PlanDirectory)[] {
  return [...view.env, ...view.envFrom, ...view.files, ...view.filesFrom];
}

/** Whether the value of a reference may be missing. */
export function mayBeAbsent(reference: Source & { readonly default?: string }): boolean {
  return reference.optional === true || reference.default !== undefined;
}

/** Whether a view has variables. */
export function hasVariables({ env, envFrom }: Pick<PlanView, 'env' | 'envFrom'>): boolean {
  return env.length > 0 || envFrom.length > 0;
}
