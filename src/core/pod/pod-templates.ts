/** Finds pods and pod templates in a manifest, by kind, and by structure for other kinds. */
import { asArray, asObject, field, textField } from '../json.ts';

export type Path = readonly (string | number)[];

export interface PodTemplate {
  /** From the root of the document to the object with `metadata` and `spec` of the pod. */
  readonly path: Path;
  /** The object that contains it, which is the pod itself for a pod. */
  readonly owner: ManifestObject;
  /** The pod as the API server would send it. */
  readonly pod: object;
  /** `Deployment/shop/web`. */
  readonly object: string;
  readonly namespace: string;
}

/** One object of a document, which can be an item of a list. */
export interface ManifestObject {
  readonly path: Path;
  readonly content: unknown;
  readonly kind: string;
  readonly namespace: string;
  /** `Deployment/shop/web`. */
  readonly name: string;
}

/** Also where Argo Rollouts, Knative Services, OpenShift DeploymentConfigs and others keep the template of their pods. */
const TEMPLATE_PATHS: readonly Path[] = [
  ['spec', 'template'],
  ['spec', 'jobTemplate', 'spec', 'template'],
  ['template'],
];

/** Every pod and pod template of a document, including items of lists. */
export function podTemplates(document: unknown, defaultNamespace: string): readonly PodTemplate[] {
  return objectsOf(document, defaultNamespace).flatMap(templateOf);
}

/** The objects of a document. kubectl takes everything with `items` for a list, at any depth. */
export function objectsOf(document: unknown, defaultNamespace: string): readonly ManifestObject[] {
  return flatten(document, [], '', defaultNamespace);
}

function flatten(
  content: unknown,
  path: Path,
  listKind: string,
  defaultNamespace: string,
): readonly ManifestObject[] {
  // The API server leaves the kind of items out of typed lists, such as PodList.
  const inferred = textField(content, 'apiVersion') === undefined ? listKind.replace(/List$/, '') : '';
  const kind = textField(content, 'kind') || inferred;
  const items = asArray(field(content, 'items'));
  if (items !== undefined)
    return items.flatMap((item, index) => flatten(item, [...path, 'items', index], kind, defaultNamespace));
  if (asObject(content) === undefined) return [];
  const metadata = field(content, 'metadata');
  const namespace = textField(metadata, 'namespace') ?? defaultNamespace;
  const name = textField(metadata, 'name') ?? `${textField(metadata, 'generateName') ?? ''}*`;
  return [{ path, content, kind, namespace, name: `${kind}/${namespace}/${name}` }];
}

function templateOf(owner: ManifestObject): readonly PodTemplate[] {
  const { path: at, content, kind, namespace, name } = owner;
  const found = kind === 'Pod' ? [] : TEMPLATE_PATHS.find((path) => isTemplate(walk(content, path)));
  const template = found === undefined ? undefined : asObject(walk(content, found));
  if (found === undefined || template === undefined) return [];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: template['metadata'], spec: template['spec'] };
  return [{ path: [...at, ...found], owner, pod, object: name, namespace }];
}

function isTemplate(object: unknown): boolean {
  return asArray(field(field(object, 'spec'), 'containers')) !== undefined;
}

function walk(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => field(node, String(key)), object);
}
