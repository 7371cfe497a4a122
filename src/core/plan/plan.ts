/**
 * The plan: what the fetcher will do. The webhook fixes it at admission, it travels as JSON in one environment
 * variable of the init container, and it is the only contract between the two programs. It holds references
 * and names, never values.
 */
import type { Dialect } from '../formats/index.ts';
import type { PemPart } from '../secret/pem.ts';
import type { Escape } from '../template/escapes.ts';

/** Raised when an older fetcher could not follow a newer plan. */
export const PLAN_VERSION = 1;
/** The environment variable that carries the plan. */
export const PLAN_VARIABLE = 'SECRETS_INJECTOR_PLAN';
export type FileMode = '0400' | '0440' | '0444';

/** One version of one secret: fetched once, however many references it has. */
export interface PlanSecret {
  readonly arn: string;
  readonly stage?: string;
  readonly versionId?: string;
}

/** Which entry of the YAML form asked; absent for an annotation of its own. For messages. */
interface Asked {
  readonly entry?: number;
}

/** Which secret, an index into the plan's secrets; and whether it may be absent. */
interface Source extends Asked {
  readonly secret: number;
  readonly optional?: true;
}

/** One value. Without key and expression the whole secret is meant. */
export interface Selection extends Source {
  /** A literal top-level key. */
  readonly key?: string;
  readonly jmesPath?: string;
  readonly decode?: 'base64';
  /** What stands in when the value is absent: written as it is. */
  readonly default?: string;
}

export interface PlanVariable extends Selection {
  readonly name: string;
}

/** Which keys of a secret are taken, and what happens to a name that something else has already given. */
interface Spread extends Source {
  /** Keys, `*` standing for any characters. */
  readonly exclude?: readonly string[];
  /** Without it the fetcher stops. */
  readonly onCollision?: 'skip';
}

/** Every key of a secret as a variable. */
export interface PlanVariables extends Spread {
  /** Tells annotations apart; entries of the YAML form have none. */
  readonly id?: string;
  readonly prefix?: string;
  readonly case?: 'upper' | 'lower';
}

export interface PlanFile extends Selection {
  readonly path: string;
  /** Permission bits in octal, where they are not the view's. */
  readonly mode?: string;
  /** The whole JSON secret, written in this dialect. */
  readonly format?: Dialect;
  readonly template?: string;
  /** How a template's insertions are escaped that do not say so themselves. */
  readonly escape?: Escape;
  /** A part of a bundle in PEM. */
  readonly pem?: PemPart;
}

/** Every key of a secret as a file of a directory. */
export interface PlanDirectory extends Spread {
  readonly directory: string;
  /** Without it every key is taken. */
  readonly include?: readonly string[];
  readonly mode?: string;
}

/** The containers that receive a view, by how its variables reach them. */
export interface Receivers {
  /** kubelet sets their variables from the env file. */
  readonly native: readonly string[];
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
  readonly format: Dialect;
  readonly env: readonly PlanVariable[];
  readonly envFrom: readonly PlanVariables[];
  readonly files: readonly PlanFile[];
  readonly filesFrom: readonly PlanDirectory[];
  /** Variables that receiving containers declare themselves: `envFrom` must not bring one of these. */
  readonly declared: readonly string[];
  /** Set where a second init container proves that this node's kubelet can set variables from files. */
  readonly probe?: true;
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
export function receiverNames({ native, shell, file }: Receivers): readonly string[] {
  return [...native, ...shell, ...file];
}

/** The references of a view. */
export function referencesOf(view: PlanView): readonly (Selection | PlanVariables | PlanDirectory)[] {
  return [...view.env, ...view.envFrom, ...view.files, ...view.filesFrom];
}

/** Whether a reference may come to nothing. */
export function mayBeAbsent(reference: Source & { readonly default?: string }): boolean {
  return reference.optional === true || reference.default !== undefined;
}

/** Whether a view has variables. */
export function hasVariables({ env, envFrom }: Pick<PlanView, 'env' | 'envFrom'>): boolean {
  return env.length > 0 || envFrom.length > 0;
}
