/** Changes to injected pods that other webhooks or users could make. */
import type { KubernetesObject } from '../../api.ts';

export type Json = Record<string, unknown>;

export interface PodSpec {
  readonly initContainers: {
    name: string;
    image: string;
    command: string[];
    env: Json[];
    volumeMounts: Json[];
  }[];
  readonly containers: { name: string; command: string[]; volumeMounts: Json[] }[];
  volumes: { name: string; emptyDir?: Json }[];
}

export interface InjectedPod {
  readonly metadata: Json;
  readonly spec: PodSpec;
}

/** A change to an injected pod, and the expected text of the rejection. */
export type Alteration = readonly [what: string, change: (spec: PodSpec) => void, words: string];

export function altered(injected: InjectedPod, change: (spec: PodSpec) => void): KubernetesObject {
  const { metadata, spec } = structuredClone(injected);
  change(spec);
  const { name, namespace, annotations } = metadata;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, annotations }, spec };
}

export function fetcher(spec: PodSpec): PodSpec['initContainers'][number] {
  return found(spec.initContainers, 'aws-secrets-fetch');
}

export function container(spec: PodSpec, name: string): PodSpec['containers'][number] {
  return found(spec.containers, name);
}

export function volume(spec: PodSpec): PodSpec['volumes'][number] {
  return found(spec.volumes, 'aws-secrets');
}

export function found<T extends { name: string }>(list: readonly T[], name: string): T {
  const one = list.find((each) => each.name === name);
  if (one === undefined) throw new Error(`the injected pod has no ${name}`);
  return one;
}

export function set(object: object, field: string, value: unknown): void {
  Object.assign(object, { [field]: value });
}

export function unmount(from: { volumeMounts: Json[] }, name: string): void {
  from.volumeMounts = from.volumeMounts.filter((mount) => mount['name'] !== name);
}

/** Replaces text in the plan. @throws Error if the plan does not contain it */
export function replan(
  spec: PodSpec,
  text: string | RegExp,
  replacement: string | ((...found: string[]) => string),
): void {
  const entry = fetcher(spec).env.find((one) => one['name'] === 'SECRETS_INJECTOR_PLAN');
  const before = String(entry?.['value']);
  const after = before.replace(text, typeof replacement === 'string' ? () => replacement : replacement);
  if (entry === undefined || after === before) throw new Error(`the plan does not contain ${String(text)}`);
  entry['value'] = after;
}
