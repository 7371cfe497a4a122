/** What the objects of other tools deliver, in terms of Secrets Manager. */

import { field, textField } from '../../json.ts';
import type { Result } from '../../problems/result.ts';
import type { PemPart } from '../../secret/pem.ts';
import type { Gap, ObjectReport } from './report.ts';

/** An object of the manifests. */
export interface SourceObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  /** `metadata.name`. */
  readonly name: string;
  /** `ExternalSecret/shop/db`. */
  readonly title: string;
  readonly content: unknown;
}

/** A version of a secret. */
export interface StoredSecret {
  readonly arn: string;
  readonly versionStage?: string;
  readonly versionId?: string;
  readonly failover?: readonly string[];
}

/** One value: the whole secret, or a part of it. */
export interface Value {
  readonly secret: StoredSecret;
  readonly key?: string;
  readonly jmesPath?: string;
  /** In the syntax of the annotation. */
  readonly template?: string;
  readonly decode?: 'base64';
  readonly pem?: PemPart;
  readonly mode?: string;
}

/** Every key of a JSON secret. */
export interface Spread {
  readonly secret: StoredSecret;
  readonly prefix: string;
  readonly letterCase: 'upper' | 'lower' | 'keep';
  /** The key of the secret that becomes this key; undefined if none does, or if several could. */
  readonly keyOf: (name: string) => string | undefined;
}

/** Whom AWS sees. */
export interface Identity {
  readonly assumeRole?: string;
  readonly externalId?: string;
}

/** What a Kubernetes Secret contains, and where it comes from. */
export interface Supply {
  /** Of the object that makes the Secret. */
  readonly report: ObjectReport;
  /** Of further objects that add keys to it. */
  readonly also?: readonly ObjectReport[];
  readonly identity: Identity;
  /** Keys whose names are known. They take precedence over spreads. */
  readonly named: ReadonlyMap<string, Result<Value, Gap>>;
  /** Later ones take precedence. */
  readonly spreads: readonly Result<Spread, Gap>[];
  /** Why the Secret has further keys, which are not known. */
  readonly others: Gap | undefined;
  /** Whether the object only adds keys to a Secret that something else creates. */
  readonly isPart?: true;
  /** How often the tool updates the Secret, in seconds. */
  readonly refresh: number | undefined;
}

/** The value of a key. */
export function valueOfKey(supply: Supply, key: string): Result<Value, Gap> {
  const named = supply.named.get(key);
  if (named !== undefined) return named;
  const broken = supply.spreads.find((spread) => !spread.ok);
  if (broken?.ok === false) return broken;
  const found = supply.spreads.flatMap((spread) => {
    const original = spread.ok ? spread.value.keyOf(key) : undefined;
    return spread.ok && original !== undefined ? [{ secret: spread.value.secret, key: original }] : [];
  });
  const [value] = found;
  if (found.length > 1)
    return gap(
      `the key "${key}" can come from any of ${found.map(({ secret }) => secret.arn).join(', ')}`,
      'request it from the secret that contains it, with the annotation env.<NAME> or file.<name>',
    );
  if (value !== undefined) return { ok: true, value };
  if (supply.others !== undefined) return { ok: false, problem: supply.others };
  return gap(
    `${supply.report.object} does not provide the key "${key}"`,
    'correct the key, or keep the object that provides it',
  );
}

export function gap(why: string, instead: string): { readonly ok: false; readonly problem: Gap } {
  return { ok: false, problem: { why, instead } };
}

/** @returns the text of a key of a ConfigMap, if the manifests contain it */
export type ConfigMapTexts = (namespace: string, name: string, key: string) => string | undefined;

/** Indexes the ConfigMaps of the manifests. */
export function configMapTexts(objects: readonly SourceObject[]): ConfigMapTexts {
  const maps = new Map(
    objects.flatMap(({ kind, namespace, name, content }) =>
      kind === 'ConfigMap' ? [[`${namespace}/${name}`, field(content, 'data')] as const] : [],
    ),
  );
  return (namespace, name, key) => textField(maps.get(`${namespace}/${name}`), key);
}
