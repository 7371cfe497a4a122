/** What the rules of `lint` look at. */
import { type AnnotationSet, readAnnotations } from '../../annotations/annotations.ts';
import { type Entry, readSecretsForm } from '../../annotations/form/read.ts';
import { type Asked, readAsked } from '../../annotations/read-asked.ts';
import type { Injection } from '../../decide/decide.ts';
import type { JsonObject } from '../../json.ts';
import type { Pod } from '../../pod/pod.ts';
import { Findings } from '../../problems/findings.ts';
import type { InjectionSettings } from '../../settings.ts';
import type { LintFinding } from './finding.ts';
import { Places } from './places.ts';

/** The annotations of a pod, read. */
export interface InspectedAnnotations {
  readonly annotations: JsonObject;
  readonly set: AnnotationSet;
  readonly asked: Asked;
  /** The entries of the YAML form that can be read. */
  readonly entries: readonly Entry[];
  /** Whether every part of the YAML form can be read. */
  readonly isFormClean: boolean;
  readonly places: Places;
}

/** A pod into which the webhook would inject. */
export interface InspectedPod extends InspectedAnnotations {
  readonly pod: Pod;
  readonly injection: Injection;
}

/** A rule that needs the annotations alone. */
export type AnnotationRule = (inspected: InspectedAnnotations) => readonly LintFinding[];

/** A rule that needs the decision about the pod. */
export type PodRule = (inspected: InspectedPod) => readonly LintFinding[];

/** Reads annotations again for the rules; problems are those of the decision. */
export function inspectAnnotations(
  pod: unknown,
  annotations: JsonObject,
  context: { readonly namespace: string; readonly settings: InjectionSettings },
): InspectedAnnotations {
  const ignored = new Findings();
  const set = readAnnotations(annotations, ignored);
  const asked = readAsked(set, context.namespace, context.settings, ignored);
  const form = new Findings();
  const entries = set.form === undefined ? [] : readSecretsForm(set.form, form);
  return { annotations, set, asked, entries, isFormClean: form.isClean, places: new Places(pod) };
}
