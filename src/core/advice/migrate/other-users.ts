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

/** @param objects without those of the tools @returns titles of objects that name the Secret */
export function otherUsers(
  objects: readonly SourceObject[],
  { namespace, name }: MadeSecret,
): readonly string[] {
  return objects
    .filter((object) => (namespace ?? object.namespace) === object.namespace)
    .filter(({ content }) => names(content, name, false, 0))
    .map(({ title }) => title);
}

/** Whether a field about Secrets has this text. @param isAbout whether the field is one */
function names(node: unknown, name: string, isAbout: boolean, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  if (typeof node === 'string') return isAbout && node === name;
  const items = asArray(node);
  if (items !== undefined) return items.some((item) => names(item, name, isAbout, depth + 1));
  return Object.entries(asObject(node) ?? {}).some(
    ([key, member]) =>
      !OF_PODS.has(key) && names(member, name, /secret/i.test(key) || (isAbout && key === 'name'), depth + 1),
  );
}
