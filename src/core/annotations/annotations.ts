/**
 * From a pod's annotations to what they ask for. Reading is strict: a key that is in no table is a problem, so a typo
 * cannot silently start a pod without its secret.
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
import { PREFIX } from '../names/prefix.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { printable } from '../problems/quote.ts';

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
