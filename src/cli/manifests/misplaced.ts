/** Finds annotations of the injector that no pod will have, or that `render` cannot inject for. */
import { hasAnnotations } from '../../core/annotations/annotations.ts';
import { asArray, asObject, field } from '../../core/json.ts';
import { type ManifestObject, objectsOf, type Path, type PodTemplate } from '../../core/pod/pod-templates.ts';
import { printable } from '../../core/problems/quote.ts';

/** Deeper than any manifest: every kind of Kubernetes and its extensions ends before. */
const MAX_DEPTH = 60;

/** A map of annotations that is not that of a pod or of a pod template that `render` finds. */
export interface Misplaced {
  readonly object: ManifestObject;
  /** From the root of the document to the map. */
  readonly path: Path;
  /** Whether it is the `metadata.annotations` of the object itself. */
  readonly isOwn: boolean;
  /** The pod template of the object. */
  readonly template: PodTemplate | undefined;
}

/** @returns a line for each such place, with what to do */
export function misplaced(
  document: unknown,
  templates: readonly PodTemplate[],
  defaultNamespace: string,
): readonly string[] {
  return findMisplaced(document, templates, defaultNamespace).map(explain);
}

/** Finds all such places. */
export function findMisplaced(
  document: unknown,
  templates: readonly PodTemplate[],
  defaultNamespace: string,
): readonly Misplaced[] {
  const known = new Set(templates.map(({ path }) => keyOf([...path, 'metadata', 'annotations'])));
  const owned = new Map(templates.map((template) => [keyOf(template.owner.path), template]));
  return objectsOf(document, defaultNamespace).flatMap((object) => {
    const template = owned.get(keyOf(object.path));
    const places = [...annotationsIn(object.content, object.path, 0)].filter(
      (path) => !known.has(keyOf(path)),
    );
    return places.map((path) => ({ object, path, isOwn: isOwn(path.slice(object.path.length)), template }));
  });
}

function isOwn(place: Path): boolean {
  return place.length === 2 && place[0] === 'metadata';
}

function explain({ object, path, isOwn, template }: Misplaced): string {
  const at = `${object.name}: ${printable(path.slice(object.path.length).join('.'))}`;
  if (template !== undefined) {
    const right = [...template.path.slice(object.path.length), 'metadata', 'annotations'].join('.');
    return `${at} has annotations of the injector, which reads those of pods only: move them to ${right}`;
  }
  const kind = printable(object.kind === '' ? 'object without a kind' : object.kind);
  return isOwn
    ? `${at} has annotations of the injector, which reads those of pods only; if ${kind} creates pods, put them into its pod template`
    : `${at} has annotations of the injector, but render finds no pod template in ${kind}: it adds nothing here; the webhook injects into the pods that are created with these annotations`;
}

/** The paths of maps of annotations with a key of the injector. */
function* annotationsIn(node: unknown, path: Path, depth: number): Generator<Path> {
  if (depth > MAX_DEPTH) return;
  for (const [index, item] of (asArray(node) ?? []).entries())
    yield* annotationsIn(item, [...path, index], depth + 1);
  for (const [key, value] of Object.entries(asObject(node) ?? {})) {
    const at = [...path, key];
    if (isAnnotations(key) && hasAnnotations(asObject(value) === undefined ? undefined : field(node, key)))
      yield at;
    else yield* annotationsIn(value, at, depth + 1);
  }
}

/** Some kinds have annotations for pods in a field of another name, such as `podAnnotations`. */
function isAnnotations(key: string): boolean {
  return key.toLowerCase().endsWith('annotations');
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
