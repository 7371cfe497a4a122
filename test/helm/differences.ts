/** The objects of the chart and of the kustomize base in a form in which only real differences remain. */
import { at, type Json, type JsonObject } from '../unit/manifests/manifest-files.ts';

/** Labels that only the chart sets: they tell which release and chart an object belongs to. */
const CHART_LABELS = [
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/component',
  'helm.sh/chart',
];
/** The same for pods. Their component is part of selectors, so it must be equal. */
const CHART_POD_LABELS = ['app.kubernetes.io/instance', 'app.kubernetes.io/version'];
/** Lists in which the order has no meaning, by the path of the Deployment. */
const UNORDERED = new Set(['env', 'volumes', 'volumeMounts']);

/** Each object by its kind, namespace and name. */
export function comparable(objects: readonly JsonObject[]): Readonly<Record<string, Json>> {
  const entries = objects
    // Helm creates the namespace of a release itself (--create-namespace).
    .filter((object) => object['kind'] !== 'Namespace')
    .map((object) => {
      const where = ['kind', 'metadata.namespace', 'metadata.name'].map((field) => at(object, field) ?? '');
      return [where.join(' '), ordered(withoutLabels(object))] as const;
    });
  const result = Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  if (Object.keys(result).length !== entries.length) throw new Error('two objects have the same name');
  return result;
}

function withoutLabels(object: JsonObject): JsonObject {
  const copy = structuredClone(object) as {
    metadata?: { labels?: Record<string, unknown> };
    spec?: { template?: { metadata?: { labels?: Record<string, unknown> } } };
  };
  for (const label of CHART_LABELS) delete copy.metadata?.labels?.[label];
  for (const label of CHART_POD_LABELS) delete copy.spec?.template?.metadata?.labels?.[label];
  return copy as JsonObject;
}

function ordered(value: Json, key = ''): Json {
  if (Array.isArray(value)) {
    const items = value.map((item: Json) => ordered(item));
    return UNORDERED.has(key) ? items.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, ordered(item, name)]));
}

function nameOf(item: Json): string {
  return String(at(item, 'name'));
}
