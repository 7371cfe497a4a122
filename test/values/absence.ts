/**
 * Missing values: the truth table of docs/reference/values.md. Each row is a test: of the renderer, or of the fetcher
 * where the response of AWS decides.
 */
import type {
  PlanDirectory,
  PlanFile,
  PlanVariable,
  PlanVariables,
  Selection,
} from '../../src/core/plan/plan.ts';
import type { FetchCode } from '../../src/core/problems/fetch-codes.ts';
import type { Fault, VersionInput } from '../aws-fake/index.ts';
import { arnOf } from '../fetcher/plans.ts';

/** Whether a request allows a missing value. */
export const NEEDS = ['required', 'optional', 'default'] as const;
export type Need = (typeof NEEDS)[number];

/** The fields of a reference for each need. */
export const NEED: Readonly<Record<Need, Pick<Selection, 'optional' | 'default'>>> = {
  required: {},
  optional: { optional: true },
  default: { default: 'stands in' },
};

/** `value`: the value of the secret. `absent`: no value, and the pod starts. A code: the fetcher stops with it. */
export type Verdict = 'value' | 'absent' | 'default' | FetchCode;

interface Row {
  readonly state: string;
  readonly verdicts: Readonly<Record<Need, Verdict>>;
}

/** A fetched secret, and the selection of one reference. */
export interface RenderedRow extends Row {
  readonly secret: string | Uint8Array;
  readonly takes: Omit<Selection, 'secret'>;
}

/** A secret that AWS does not return. */
export interface FetchedRow extends Row {
  /** How the AWS fake responds to GetSecretValue. */
  readonly fault?: Fault;
  /** The versions of the secret. Without versions and without a fault, the secret does not exist. */
  readonly versions?: readonly VersionInput[];
  readonly exit: number;
}

const KEY = { key: 'key' };
const absenceIs = (code: FetchCode): Row['verdicts'] => ({
  required: code,
  optional: 'absent',
  default: 'default',
});
const always = (verdict: Verdict): Row['verdicts'] => ({
  required: verdict,
  optional: verdict,
  default: verdict,
});

export const RENDERED_ROWS: readonly RenderedRow[] = [
  { state: 'the value exists', secret: '{"key":"v"}', takes: KEY, verdicts: always('value') },
  { state: 'the value is an empty string', secret: '{"key":""}', takes: KEY, verdicts: always('value') },
  {
    state: 'the JSON does not contain the key',
    secret: '{"other":"v"}',
    takes: KEY,
    verdicts: absenceIs('VALUE_KEY_MISSING'),
  },
  { state: 'the key is null', secret: '{"key":null}', takes: KEY, verdicts: absenceIs('VALUE_KEY_MISSING') },
  {
    state: '`jmesPath` selects nothing, or null',
    secret: '{"key":null}',
    takes: { jmesPath: 'key.below' },
    verdicts: absenceIs('VALUE_KEY_MISSING'),
  },
  {
    state: '`jmesPath` fails on the secret',
    secret: '{"key":1}',
    takes: { jmesPath: 'length(key)' },
    verdicts: always('VALUE_NOT_SELECTABLE'),
  },
  {
    state: 'a key is requested, but the secret is not a JSON object',
    secret: 'text',
    takes: KEY,
    verdicts: always('VALUE_NOT_JSON'),
  },
  {
    state: '`decode` is set, but the value is not base64',
    secret: '{"key":"%"}',
    takes: { ...KEY, decode: 'base64' },
    verdicts: always('VALUE_NOT_DECODABLE'),
  },
];

const forever = (kind: 'denied' | 'kmsDenied' | 'scheduledForDeletion' | 'serverError'): Fault => ({
  kind,
  times: 'forever',
});

export const FETCHED_ROWS: readonly FetchedRow[] = [
  { state: 'the secret, version or stage does not exist', exit: 12, verdicts: absenceIs('SECRET_NOT_FOUND') },
  {
    state: 'the version has no value (a rotation has not written it yet)',
    versions: [{ stages: ['AWSCURRENT'] }],
    exit: 12,
    verdicts: absenceIs('SECRET_NOT_FOUND'),
  },
  {
    state: 'the secret is scheduled for deletion',
    fault: forever('scheduledForDeletion'),
    exit: 12,
    verdicts: absenceIs('SECRET_DELETED'),
  },
  {
    state: 'the role is not allowed to read the secret',
    fault: forever('denied'),
    exit: 11,
    verdicts: always('AWS_ACCESS_DENIED'),
  },
  {
    state: 'the role is not allowed to use the KMS key of the secret',
    fault: forever('kmsDenied'),
    exit: 11,
    verdicts: always('AWS_KMS_DENIED'),
  },
  {
    state: 'AWS returns a response without a value',
    fault: { kind: 'wrongJson', body: JSON.stringify({ ARN: arnOf('shop/db'), Name: 'shop/db' }) },
    exit: 14,
    verdicts: always('VALUE_ABSENT'),
  },
  {
    state: 'AWS does not respond before the deadline',
    fault: forever('serverError'),
    exit: 13,
    verdicts: always('AWS_UNAVAILABLE'),
  },
];

/** The content of a view after one entry with `optional: true`. */
export interface Left {
  readonly words: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly code?: FetchCode;
}

/** A request with `optional: true` for `key`, and for `other`, which always exists. */
export interface OptionalRow {
  readonly asked: string;
  readonly view: {
    readonly env?: readonly PlanVariable[];
    readonly envFrom?: readonly PlanVariables[];
    readonly files?: readonly PlanFile[];
    readonly filesFrom?: readonly PlanDirectory[];
  };
  readonly keyMissing: Left;
  readonly keyNull: Left;
  readonly secretAbsent: Left;
}

const SOURCE = { entry: 0, secret: 0, optional: true } as const;
const UNSET: Left = { words: 'unset', files: { env: '' } };
const NO_FILE: Left = { words: 'no file' };
const OTHERS: Left = { words: 'the other keys', files: { env: "other='o'\n" } };
const OTHER_FILES: Left = {
  words: 'the other keys',
  files: { 'd/other': 'o' },
  directories: ['d'],
};
const EMPTY_DIRECTORY: Left = { words: 'an empty directory', directories: ['d'] };
const TEMPLATE_FAILS: Left = { words: '', code: 'VALUE_NOT_REPRESENTABLE' };

export const OPTIONAL_ROWS: readonly OptionalRow[] = [
  {
    asked: 'a variable in `env`, or a key listed in `envFrom.include`',
    view: { env: [{ ...SOURCE, name: 'KEY', key: 'key' }] },
    keyMissing: UNSET,
    keyNull: UNSET,
    secretAbsent: UNSET,
  },
  {
    asked: '`envFrom` without `include`',
    view: { envFrom: [SOURCE] },
    keyMissing: OTHERS,
    keyNull: OTHERS,
    secretAbsent: { words: 'no variables', files: { env: '' } },
  },
  {
    asked: 'a file with `key`',
    view: { files: [{ ...SOURCE, path: 'f', key: 'key' }] },
    keyMissing: NO_FILE,
    keyNull: NO_FILE,
    secretAbsent: NO_FILE,
  },
  {
    asked: 'a file with `format` `json` or `yaml`',
    view: { files: [{ ...SOURCE, path: 'f', format: 'json' }] },
    keyMissing: { words: 'the other keys', files: { f: '{\n  "other": "o"\n}\n' } },
    keyNull: { words: 'written as null', files: { f: '{\n  "key": null,\n  "other": "o"\n}\n' } },
    secretAbsent: NO_FILE,
  },
  {
    asked: 'a file with another `format` (`shell`, `dotenv`, …)',
    view: { files: [{ ...SOURCE, path: 'f', format: 'dotenv' }] },
    keyMissing: { words: 'the other keys', files: { f: "other='o'\n" } },
    keyNull: { words: '', code: 'VALUE_NOT_REPRESENTABLE' },
    secretAbsent: NO_FILE,
  },
  {
    asked: 'a file with a `template` that inserts the key',
    view: { files: [{ ...SOURCE, path: 'f', template: '{{ key | json }}' }] },
    keyMissing: TEMPLATE_FAILS,
    keyNull: TEMPLATE_FAILS,
    secretAbsent: NO_FILE,
  },
  {
    asked: 'a file with a `template` that uses the key in a section',
    view: { files: [{ ...SOURCE, path: 'f', template: '{{#key}}x{{/key}}y' }] },
    keyMissing: { words: 'the section is omitted', files: { f: 'y' } },
    keyNull: { words: 'the section is omitted', files: { f: 'y' } },
    secretAbsent: NO_FILE,
  },
  {
    asked: '`filesFrom`',
    view: { filesFrom: [{ ...SOURCE, directory: 'd' }] },
    keyMissing: OTHER_FILES,
    keyNull: OTHER_FILES,
    secretAbsent: EMPTY_DIRECTORY,
  },
  {
    asked: '`filesFrom` with the key in `include`',
    view: { filesFrom: [{ ...SOURCE, directory: 'd', include: ['key'] }] },
    keyMissing: EMPTY_DIRECTORY,
    keyNull: EMPTY_DIRECTORY,
    secretAbsent: EMPTY_DIRECTORY,
  },
];

/** The secret for each column of `OPTIONAL_ROWS`. */
export const OPTIONAL_STATES = {
  keyMissing: '{"other":"o"}',
  keyNull: '{"key":null,"other":"o"}',
  secretAbsent: undefined,
} as const;
export type OptionalState = keyof typeof OPTIONAL_STATES;
