/** Adds annotations to pods and workloads. */
import { asArray, asObject, field, type JsonObject } from '../core/json.ts';
import { type Path, podTemplates } from '../core/pod/pod-templates.ts';
import { annotations, type Request } from './request.ts';

/**
 * Adds the annotations of a request to a pod, to a pod template, or to the template of a workload.
 * @param object is not modified
 * @returns a copy with the annotations
 * @throws RequestError for an invalid request
 * @throws TypeError for an object without a pod template, or with another value for one of the annotations
 */
export function annotate<T extends object>(object: T, request: Request): T {
  const path = [...templatePath(object), 'metadata', 'annotations'];
  const present = asObject(path.reduce<unknown>((value, key) => field(value, String(key)), object)) ?? {};
  const added = annotations(request);
  const taken = Object.keys(added).find((key) => Object.hasOwn(present, key) && present[key] !== added[key]);
  if (taken !== undefined)
    throw new TypeError(`the object has another value for ${taken}: put everything into one request`);
  return replaced(object, path, { ...present, ...added }) as T;
}

function templatePath(object: object): Path {
  const [template, ...others] = podTemplates(object, 'default');
  if (template !== undefined && others.length === 0) return template.path;
  const isTemplate = asArray(field(field(object, 'spec'), 'containers')) !== undefined;
  if (template === undefined && isTemplate) return [];
  throw new TypeError(
    template === undefined
      ? 'the object is neither a pod nor a workload with a pod template'
      : 'the object has several pod templates: annotate each object of the list',
  );
}

/** A copy of an object in which the value at a path is another one. */
function replaced(object: unknown, [key, ...rest]: Path, value: JsonObject): unknown {
  if (key === undefined) return value;
  return { ...asObject(object), [key]: replaced(field(object, String(key)), rest, value) };
}
