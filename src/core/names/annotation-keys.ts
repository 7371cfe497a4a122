/**
 * Every annotation key that means something: one table of families (`env.<NAME>`) and one of options (`mount-path`).
 * The reader, the reference page, the JSON Schema and the guard's lists are all made from these two.
 */
import { PREFIX } from './prefix.ts';

/** Families: what stands behind the dot names the thing, so two of a family cannot have one name. */
export const FAMILIES = {
  secret: 'a name for a secret, to be used in references; gives nothing by itself',
  env: 'an environment variable from a reference',
  'env-from': 'every top-level key of a JSON secret as an environment variable',
  file: 'a file with the raw value, byte for byte',
  'file-from': 'every top-level key of a JSON secret as a file of the named directory',
} as const;

export type Family = keyof typeof FAMILIES;

/** The key of the YAML form, which has everything else. */
export const FORM = 'secrets';

/** Options for the whole pod, each with its default and meaning. */
export const OPTIONS = {
  inject: { default: 'true', doc: '"false" leaves this pod alone' },
  containers: {
    default: 'the regular containers except known mesh proxies',
    doc: 'comma-separated names of the containers that receive the secrets; "*" means init containers too',
  },
  'mount-path': { default: '/run/secrets/aws', doc: 'where receiving containers see the files; absolute' },
  'env-mode': { default: 'auto', doc: 'how variables reach the process: native, shell, file or auto' },
  'env-format': {
    default: 'shell',
    doc: 'dialect of the env file: shell, dotenv, docker, systemd, properties, json or yaml',
  },
  'fetch-timeout': { default: '60s', doc: 'total deadline of the fetcher, 5s to 10m' },
  'cpu-request': { default: 'computed', doc: "the injected container's CPU request, or none" },
  'cpu-limit': { default: 'computed', doc: "the injected container's CPU limit, or none" },
  'memory-request': { default: 'computed', doc: "the injected container's memory request, or none" },
  'memory-limit': { default: 'computed', doc: "the injected container's memory limit, or none" },
  'run-as-user': { default: 'computed', doc: "the injected container's user id, 1 or more" },
  'run-as-group': { default: 'computed', doc: "the injected container's group id" },
} as const satisfies Record<string, { default: string; doc: string }>;

export type Option = keyof typeof OPTIONS;

/** The full annotation key of one thing asked for. */
export function annotationKey(family: Family | Option | typeof FORM, name?: string): string {
  return name === undefined ? `${PREFIX}${family}` : `${PREFIX}${family}.${name}`;
}

/** Whether a key names one. */
export function isOption(key: string): key is Option {
  return Object.hasOwn(OPTIONS, key);
}

/** Whether a key names one. */
export function isFamily(key: string): key is Family {
  return Object.hasOwn(FAMILIES, key);
}
