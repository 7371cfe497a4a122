/** The variables and files of a view, each with what it takes from which secret. */
import { ENV_FILE, MANIFEST_FILE } from '../names/volume-layout.ts';
import type { PlanDirectory, PlanFile, PlanVariables, PlanView, Selection } from '../plan/plan.ts';
import { quote } from '../problems/quote.ts';

/** A variable or a file, or several whose names the secret decides. */
export interface ItemDescription {
  /** The name of a variable or the path of a file, with `*` for a part that the secret decides. */
  readonly name: string;
  /** What it takes from the secret, in words, such as `key "password"`. */
  readonly takes: string;
  /** Index into the secrets of the pod; undefined for the file that lists what was delivered. */
  readonly secret: number | undefined;
  /** Whether the pod starts without it if the secret or the key does not exist. */
  readonly optional?: true;
  /** What it contains in that case. */
  readonly default?: string;
  /** The permissions of a file, in octal. */
  readonly mode?: string;
}

export function describeVariables({ env, envFrom }: PlanView): readonly ItemDescription[] {
  return [
    ...env.map((one) => ({ name: one.name, takes: selectionText(one), ...sourceOf(one) })),
    ...envFrom.map((one) => ({ name: namesText(one), takes: expansionText(one), ...sourceOf(one) })),
  ];
}

/** @param directory where the containers mount the view */
export function describeFiles(view: PlanView, directory: string): readonly ItemDescription[] {
  const at = (path: string) => `${directory}/${path}`;
  const modeOf = (one: { readonly mode?: string }) => one.mode ?? view.fileMode;
  return [
    ...view.files.map((one) => ({
      name: at(one.path),
      takes: fileText(one),
      ...sourceOf(one),
      mode: modeOf(one),
    })),
    ...view.filesFrom.map((one) => ({
      name: at(`${one.directory}/*`),
      takes: directoryText(one),
      ...sourceOf(one),
      mode: modeOf(one),
    })),
    ...(view.manifest === true
      ? [
          {
            name: at(MANIFEST_FILE),
            takes: 'the list of what was delivered, without values',
            secret: undefined,
            mode: view.fileMode,
          },
        ]
      : []),
  ];
}

/** The path of the file with the variables. */
export function envFileIn(directory: string): string {
  return `${directory}/${ENV_FILE}`;
}

function sourceOf(
  one: Pick<Selection, 'secret' | 'optional' | 'default'>,
): Pick<ItemDescription, 'secret' | 'optional' | 'default'> {
  const { secret, optional, default: fallback } = one;
  return {
    secret,
    ...(optional === undefined ? {} : { optional }),
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

function selectionText({ key, jmesPath, decode }: Selection): string {
  const selected =
    key !== undefined
      ? `key ${quote(key)}`
      : jmesPath !== undefined
        ? `expression ${quote(jmesPath)}`
        : 'the whole value';
  return decode === undefined ? selected : `${selected}, decoded from base64,`;
}

function fileText(file: PlanFile): string {
  if (file.template !== undefined) return 'a template with values';
  if (file.pem !== undefined) return `the PEM part ${quote(file.pem)} of ${selectionText(file)}`;
  return file.format === undefined ? selectionText(file) : `all keys as ${file.format}`;
}

function namesText({ prefix = '', case: letters }: PlanVariables): string {
  return `${prefix}*${letters === undefined ? '' : ` (in ${letters} case)`}`;
}

function expansionText({ exclude }: Pick<PlanVariables, 'exclude'>): string {
  return exclude === undefined
    ? 'every key'
    : `every key except ${exclude.map((one) => quote(one)).join(', ')}`;
}

function directoryText({ include, exclude }: PlanDirectory): string {
  return include === undefined
    ? expansionText(exclude === undefined ? {} : { exclude })
    : `the keys ${include.map((one) => quote(one)).join(', ')}`;
}
