/**
 * Reads the annotations of a pod. Reading is strict: an unknown key under the prefix is a problem, so that a typo cannot
 * start a pod without its secret.
 */
import { asObject } from '../json.ts';
import {
  FAMILIES,
  type Family,
  FORM,
  isFamily,
  isOption,
  OPTIONS,
  type Option,
} from '../names/annotation-keys.ts';
import { NAMESPACE_LABEL, PREFIX } from '../names/prefix.ts';
import { qualifiedNameFault } from '../names/qualified-name.ts';
import type { Findings } from '../problems/findings.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { printable } from '../problems/quote.ts';

/** One annotation of a family. */
export interface Ask {
  readonly family: Family;
  /** The text after the dot. */
  readonly name: string;
  /** The whole annotation key, for messages. */
  readonly subject: string;
  readonly text: string;
}

/** Every value without the blanks and line ends around it: a block scalar of YAML ends with a line feed. */
export interface AnnotationSet {
  /** Sorted by key, so that the order of annotations in a manifest does not matter. */
  readonly asks: readonly Ask[];
  /** The text of the YAML form, unchanged: indentation and line ends are part of YAML. */
  readonly form: string | undefined;
  readonly options: ReadonlyMap<Option, string>;
}

/** Whether a pod has an annotation under the prefix. */
export function hasAnnotations(annotations: unknown): boolean {
  return keysOf(annotations).length > 0;
}

/**
 * Whether the API server sends a pod with these annotations to the webhook, as the match conditions of the registration
 * decide: options and aliases alone request nothing, and an unknown key counts.
 */
export function requestsSecrets(annotations: unknown): boolean {
  const keys = keysOf(annotations);
  const isRequest = (key: string): boolean =>
    key !== NAMESPACE_LABEL &&
    !key.startsWith(`${PREFIX}secret.`) &&
    !(key.startsWith(PREFIX) && isOption(key.slice(PREFIX.length)));
  const inject = asObject(annotations)?.[`${PREFIX}inject`];
  const isOptedOut = typeof inject === 'string' && inject.trim() === 'false';
  return keys.some(isRequest) && !isOptedOut;
}

/** Reads the annotations of a pod. Unknown keys and values that are not strings are added to the findings. */
export function readAnnotations(annotations: unknown, findings: Findings): AnnotationSet {
  const object = asObject(annotations) ?? {};
  const asks: Ask[] = [];
  const options = new Map<Option, string>();
  let form: string | undefined;
  // The API server sends the keys sorted; a manifest may not.
  for (const subject of keysOf(annotations).toSorted()) {
    const value = object[subject];
    const key = subject.slice(PREFIX.length);
    const dot = key.indexOf('.');
    const family = dot < 0 ? undefined : key.slice(0, dot);
    if (!subject.startsWith(PREFIX)) findings.add(() => misspelledPrefix(subject, key));
    else if (typeof value !== 'string') findings.add(notText(subject));
    else if (isOption(key)) options.set(key, value.trim());
    else if (key === FORM) form = value;
    else if (family !== undefined && isFamily(family)) {
      const fault = keyFault(family, key);
      if (fault === undefined) asks.push({ family, name: key.slice(dot + 1), subject, text: value.trim() });
      else findings.add(() => invalidKey(subject, fault));
    } else findings.add(() => unknown(key, subject));
  }
  return { asks, form, options };
}

/** Keys under the prefix. The API server keeps the case of a prefix, although it compares DNS names without it. */
function keysOf(annotations: unknown): readonly string[] {
  return Object.keys(asObject(annotations) ?? {}).filter(
    (key) => key.startsWith(PREFIX) || key.slice(0, PREFIX.length).toLowerCase() === PREFIX,
  );
}

function misspelledPrefix(subject: string, key: string): Problem {
  return {
    code: 'ANNOTATION_UNKNOWN',
    subject: printable(subject),
    wrong: 'the prefix of the annotation contains uppercase letters',
    expected: `write ${printable(PREFIX + key)}`,
  };
}

/** @returns why the API server rejects a key; undefined for names that the families reject with better reasons */
function keyFault(family: Family, key: string): string | undefined {
  const name = key.slice(family.length + 1);
  const isRejected = family !== 'env-from' && !/^[A-Za-z0-9._-]+$/.test(name);
  return isRejected ? undefined : qualifiedNameFault(key);
}

// The API server checks keys after the webhooks, with a message that does not name this way out.
function invalidKey(subject: string, wrong: string): Problem {
  return {
    code: 'ANNOTATION_KEY_INVALID',
    subject: printable(subject),
    wrong,
    expected: `use another name, or the YAML form (${PREFIX}${FORM}), where names have no such limit`,
  };
}

function notText(subject: string): Problem {
  return {
    code: 'ANNOTATION_NOT_TEXT',
    subject: printable(subject),
    wrong: 'the value is not a string',
    expected: 'put the value in quotes',
  };
}

function unknown(key: string, subject: string): Problem {
  return {
    code: 'ANNOTATION_UNKNOWN',
    subject: printable(subject),
    wrong: 'the annotation does not exist',
    get expected() {
      return suggestion(key);
    },
  };
}

function suggestion(key: string): string {
  if (PREFIX + key === NAMESPACE_LABEL) return 'set it as a label of the namespace, not as an annotation';
  const dot = key.indexOf('.');
  const stem = dot < 0 ? key : key.slice(0, dot);
  const whole = [FORM, ...Object.keys(OPTIONS)];
  const match = nearest(stem, [...whole, ...Object.keys(FAMILIES)]);
  if (match !== undefined) return `did you mean ${PREFIX}${isFamily(match) ? `${match}.<name>` : match}?`;
  const known = [...whole, ...Object.keys(FAMILIES).map((family) => `${family}.<name>`)];
  return `use one of ${known.join(', ')}`;
}
