/**
 * Every annotation of a pod that means something, and nothing else: one table of families (`env.<NAME>`) and one
 * of options (`mount-path`). Reading is strict: a key that is not in a table is a problem, so a typo cannot
 * silently start a pod without its secret.
 */
import { asObject } from '../json.ts';
import { PREFIX } from '../names/prefix.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { printable } from '../problems/quote.ts';

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

/** Keys that are reserved for what this version cannot do yet: refused by name, never ignored. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['role-arn', 'assume-role-arn', 'external-id', 'refresh']);

/** One thing asked for: `name` is what stands behind the family's dot. */
export interface Ask {
  readonly family: Family;
  readonly name: string;
  /** The whole annotation key, for messages. */
  readonly subject: string;
  readonly text: string;
}

export interface AnnotationSet {
  /** In the order of their keys, so that two writings of the same pod decide the same. */
  readonly asks: readonly Ask[];
  /** The text of the YAML form. */
  readonly form: string | undefined;
  readonly options: ReadonlyMap<Option, string>;
  readonly problems: readonly Problem[];
}

/** Reads the annotations of a pod. @returns undefined if none is under the prefix. */
export function readAnnotations(annotations: unknown): AnnotationSet | undefined {
  const object = asObject(annotations);
  if (object === undefined) return undefined;
  const keys = Object.keys(object).filter((key) => key.startsWith(PREFIX));
  if (keys.length === 0) return undefined;
  // The API server sends them sorted; a manifest does not.
  keys.sort();
  const asks: Ask[] = [];
  const options = new Map<Option, string>();
  const problems: Problem[] = [];
  let form: string | undefined;
  for (const subject of keys) {
    const text = object[subject];
    const key = subject.slice(PREFIX.length);
    if (typeof text !== 'string') {
      problems.push(notText(subject));
      continue;
    }
    if (isOption(key)) {
      options.set(key, text);
      continue;
    }
    if (key === FORM) {
      form = text;
      continue;
    }
    const dot = key.indexOf('.');
    const family = dot < 0 ? undefined : key.slice(0, dot);
    if (family !== undefined && isFamily(family)) {
      asks.push({ family, name: key.slice(dot + 1), subject, text });
    } else {
      problems.push(UNAVAILABLE.has(key) ? unavailable(subject) : unknown(key, subject));
    }
  }
  return { asks, form, options, problems };
}

/** The full annotation key of one thing asked for. */
export function annotationKey(family: Family | Option | typeof FORM, name?: string): string {
  return name === undefined ? `${PREFIX}${family}` : `${PREFIX}${family}.${name}`;
}

function isOption(key: string): key is Option {
  return Object.hasOwn(OPTIONS, key);
}

function isFamily(key: string): key is Family {
  return Object.hasOwn(FAMILIES, key);
}

function notText(subject: string): Problem {
  return {
    code: 'ANNOTATION_NOT_TEXT',
    subject: printable(subject),
    wrong: 'the value is not text',
    expected: 'annotations are strings: put the value in quotes',
  };
}

function unavailable(subject: string): Problem {
  return {
    code: 'ANNOTATION_UNAVAILABLE',
    subject,
    wrong: 'this version of aws-secrets-injector cannot do this yet',
    expected: 'remove the annotation, or use a version that lists it',
  };
}

function unknown(key: string, subject: string): Problem {
  const dot = key.indexOf('.');
  const stem = dot < 0 ? key : key.slice(0, dot);
  const whole = [FORM, ...Object.keys(OPTIONS)];
  const known = [...whole, ...Object.keys(FAMILIES).map((family) => `${family}.<name>`)];
  const match = nearest(stem, [...whole, ...Object.keys(FAMILIES)]);
  const suggestion = match === undefined ? undefined : isFamily(match) ? `${match}.<name>` : match;
  return {
    code: 'ANNOTATION_UNKNOWN',
    subject: printable(subject),
    wrong: 'no such annotation exists',
    expected:
      suggestion === undefined ? `known are ${known.join(', ')}` : `did you mean ${PREFIX}${suggestion}?`,
  };
}
