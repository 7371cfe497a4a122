/** Users of a Secret other than the containers of pods: Ingress, image pull secrets, custom resources. */
import { asArray, asObject } from '../../json.ts';
import type { SourceObject } from './model.ts';

/** What pods use by these fields is migrated, or reported for the pod. */
const OF_PODS = new Set(['containers', 'initContainers', 'volumes']);
const MAX_DEPTH = 60;

/** A Secret that an object of another tool makes. */
export interface MadeSecret {
  /** The object that makes it. */
  readonly object: string;
  /** Undefined for an object that makes it in several namespaces. */
  readonly namespace: string | undefined;
  readonly name: string;
}

/** @returns titles of objects that name a Secret */
export type OtherUsers = (secret: MadeSecret) => readonly string[];

/** Reads all objects once. @param objects without those of the tools */
export function findOtherUsers(objects: readonly SourceObject[]): OtherUsers {
  const users = new Map<string, Set<string>>();
  const add = (key: string, title: string) => users.set(key, (users.get(key) ?? new Set()).add(title));
  for (const { content, namespace, title } of objects)
    for (const name of secretNames(content, false, 0)) {
      add(`${namespace}/${name}`, title);
      add(`/${name}`, title);
    }
  return ({ namespace, name }) => [...(users.get(`${namespace ?? ''}/${name}`) ?? [])];
}

/** The texts of fields about Secrets. @param isAbout whether the node is in one */
function* secretNames(node: unknown, isAbout: boolean, depth: number): Generator<string> {
  if (depth > MAX_DEPTH) return;
  if (typeof node === 'string') {
    if (isAbout) yield node;
    return;
  }
  for (const item of asArray(node) ?? []) yield* secretNames(item, isAbout, depth + 1);
  for (const [key, member] of Object.entries(asObject(node) ?? {}))
    if (!OF_PODS.has(key))
      yield* secretNames(member, /secret/i.test(key) || (isAbout && key === 'name'), depth + 1);
}
