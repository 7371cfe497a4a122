/** Finds pods and pod templates in a manifest, by kind, and by structure for other kinds. */
import { asArray, asObject, field, textField } from '../../core/json.ts';

export type Path = readonly (string | number)[];

export interface PodTemplate {
  /** From the root of the document to the object with `metadata` and `spec` of the pod. */
  readonly path: Path;
  /** The pod as the API server would send it. */
  readonly pod: object;
  /** `Deployment/shop/web`. */
  readonly object: string;
  readonly namespace: string;
}

const TEMPLATE_PATHS: readonly Path[] = [
  ['spec', 'template'],
  ['spec', 'jobTemplate', 'spec', 'template'],
  ['template'],
];

/** Every pod and pod template of a document, including items of a List. */
export function podTemplates(document: unknown, defaultNamespace: string): readonly PodTemplate[] {
  const items = asArray(field(document, 'items'));
  if (items !== undefined && textField(document, 'kind')?.endsWith('List')) {
    return items.flatMap((item, index) => templateOf(item, ['items', index], defaultNamespace));
  }
  return templateOf(document, [], defaultNamespace);
}

function templateOf(object: unknown, at: Path, defaultNamespace: string): readonly PodTemplate[] {
  const kind = textField(object, 'kind') ?? '';
  const metadata = field(object, 'metadata');
  const namespace = textField(metadata, 'namespace') ?? defaultNamespace;
  const name = textField(metadata, 'name') ?? `${textField(metadata, 'generateName') ?? ''}*`;
  const found = kind === 'Pod' ? [] : TEMPLATE_PATHS.find((path) => isTemplate(walk(object, path)));
  const template = found === undefined ? undefined : asObject(walk(object, found));
  if (found === undefined || template === undefined) return [];
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: template['metadata'], spec: template['spec'] };
  return [{ path: [...at, ...found], pod, object: `${kind}/${namespace}/${name}`, namespace }];
}

function isTemplate(object: unknown): boolean {
  return asArray(field(field(object, 'spec'), 'containers')) !== undefined;
}

function walk(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((node, key) => field(node, String(key)), object);
}
