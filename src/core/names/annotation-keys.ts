/**
 * Every annotation key of the product, in two tables: families (`env.<NAME>`) and options (`mount-path`). The reader,
 * the reference page, the JSON Schema and the guard's lists are made from these tables.
 */
import { PREFIX } from './prefix.ts';

/** Families: the text after the dot names one variable, file, directory or alias, so names cannot clash. */
export const FAMILIES = {
  secret: 'an alias for a secret, for use in references; adds nothing to the pod',
  env: 'an environment variable from a reference',
  'env-from': 'every top-level key of a JSON secret as an environment variable',
  file: 'a file with the raw value, byte for byte',
  'file-from': 'every top-level key of a JSON secret as a file in the named directory',
} as const;

export type Family = keyof typeof FAMILIES;

/** The key of the YAML form. */
export const FORM = 'secrets';

/** Options for the whole pod, each with its default and meaning. */
export const OPTIONS = {
  inject: { default: 'true', doc: '"false" disables the injection for this pod' },
  containers: {
    default: 'the regular containers except known mesh proxies',
    doc: 'comma-separated names of the containers that receive the secrets; "*" includes init containers',
  },
  'mount-path': {
    default: '/run/secrets/aws',
    doc: 'absolute path where receiving containers mount the files',
  },
  'env-mode': {
    default: 'auto',
    doc: 'how variables reach the process: native, shell, file or auto',
  },
  'env-format': {
    default: 'shell',
    doc: 'format of the env file, such as dotenv or json',
  },
  'fetch-timeout': { default: '60s', doc: 'total deadline of the fetcher, from 5s to 10m' },
  'cpu-request': { default: 'computed', doc: 'CPU request of the injected container, or none' },
  'cpu-limit': { default: 'computed', doc: 'CPU limit of the injected container, or none' },
  'memory-request': { default: 'computed', doc: 'memory request of the injected container, or none' },
  'memory-limit': { default: 'computed', doc: 'memory limit of the injected container, or none' },
  'run-as-user': { default: 'computed', doc: 'user ID of the injected container, 1 or greater' },
  'run-as-group': { default: 'computed', doc: 'group ID of the injected container' },
  'file-mode': {
    default: 'computed',
    doc: 'permissions of the env file and of all files without their own mode, in octal',
  },
  'role-arn': {
    default: 'the identity of the pod',
    doc: 'ARN of an IAM role for the injected container alone, with a token of its own',
  },
  'assume-role-arn': {
    default: 'not set',
    doc: 'ARN of a second IAM role to assume, for secrets of another account',
  },
  'external-id': { default: 'not set', doc: 'external ID for the role of assume-role-arn' },
  'manifest-file': {
    default: 'false',
    doc: '"true" adds the file .manifest.json, which lists the delivered secrets, versions and keys without values',
  },
  refresh: {
    default: 'off',
    doc: 'interval from 30s to 24h at which the files are updated while the pod runs, such as 5m',
  },
  'refresh-required': {
    default: 'false',
    doc: 'with refresh: "true" makes the pod not ready while its files may be out of date',
  },
  'on-change': {
    default: 'nothing',
    doc: 'with refresh: comma-separated actions after files have changed: signal:HUP, signal:HUP@container, a URL of localhost, or touch:file',
  },
  'pin-version': {
    default: 'false',
    doc: '"true" delivers the versions that the rollout controller recorded in the pod template, so that all replicas have the same',
  },
} as const satisfies Record<string, { default: string; doc: string }>;

export type Option = keyof typeof OPTIONS;

/** The full annotation key. @param name the text after the dot, for a family */
export function annotationKey(key: Family | Option | typeof FORM, name?: string): string {
  return name === undefined ? `${PREFIX}${key}` : `${PREFIX}${key}.${name}`;
}

export function isOption(key: string): key is Option {
  return Object.hasOwn(OPTIONS, key);
}

export function isFamily(key: string): key is Family {
  return Object.hasOwn(FAMILIES, key);
}
