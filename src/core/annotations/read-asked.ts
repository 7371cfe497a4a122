/** Reads everything that the annotations of a pod request. */
import type { Findings } from '../problems/findings.ts';
import type { InjectionSettings } from '../settings.ts';
import type { AnnotationSet } from './annotations.ts';
import { type Options, readOptions } from './options.ts';
import { type References, readReferences } from './references.ts';

export interface Asked extends References {
  readonly options: Options;
  /** Whether only options and aliases are set. */
  readonly isEmpty: boolean;
}

/** Reads options and references. @param namespace of the pod, for the operator's defaults */
export function readAsked(
  set: AnnotationSet,
  namespace: string,
  settings: InjectionSettings,
  findings: Findings,
): Asked {
  const options = readOptions(set.options, namespace, settings, findings);
  const references = readReferences(set, options.envFormat, findings);
  const isEmpty = set.form === undefined && set.asks.every((ask) => ask.family === 'secret');
  return { ...references, options, isEmpty };
}
