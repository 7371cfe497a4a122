/** All findings of `lint` in one pod. */
import { FETCHER_NAME } from '../../additions/injected-objects.ts';
import { hasAnnotations, readAnnotations } from '../../annotations/annotations.ts';
import { readAsked } from '../../annotations/read-asked.ts';
import { formatDuration } from '../../duration.ts';
import { asArray, asObject, field, textField } from '../../json.ts';
import { annotationKey } from '../../names/annotation-keys.ts';
import { Findings } from '../../problems/findings.ts';
import type { Problem } from '../../problems/problems.ts';
import { quote } from '../../problems/quote.ts';
import type { Warning } from '../../problems/warning-codes.ts';
import type { InjectionSettings } from '../../settings.ts';
import {
  ambiguousSuffixes,
  misspelledPrefixes,
  plainTextDefaults,
  tooLarge,
  unusedAliases,
} from './annotation-rules.ts';
import { broadContainers, plainTextValues, unpinnedImages, variablesForFiles } from './container-rules.ts';
import { decideForLint, type LintedPod } from './decision.ts';
import type { LintFinding, LintFix } from './finding.ts';
import { type InspectedPod, inspectAnnotations } from './inspected.ts';
import type { Places } from './places.ts';

export interface LintSettings {
  /** Support for native variables is undefined if the cluster is not known. */
  readonly injection: InjectionSettings;
  /** Whether values that look like secrets are reported. */
  readonly detectsPlainText: boolean;
}

/** @returns the findings; a pod without annotations of the injector has none */
export function lintPod(linted: LintedPod, settings: LintSettings): readonly LintFinding[] {
  const { json, namespace } = linted;
  const annotations = asObject(field(field(json, 'metadata'), 'annotations'));
  if (annotations === undefined) return [];
  const misspelled = misspelledPrefixes(annotations);
  if (!hasAnnotations(annotations)) return misspelled;
  // A pod of a cluster contains what another release or other settings have added. A patch is only a part of a pod.
  if (isInjectedPod(json) || isPatch(json)) return [...misspelled, ...lintAnnotations(linted, settings)];
  const { decision, warnings, needsNative } = decideForLint(linted, settings.injection);
  if (decision.kind === 'unchanged' && decision.reason !== 'nothing-asked') return misspelled;
  const context = { namespace, settings: settings.injection };
  const inspected = inspectAnnotations(json, annotations, context);
  const { places } = inspected;
  const findings = [
    ...misspelled,
    ...(decision.kind === 'denied'
      ? decision.problems.map((one) => problemFinding(one, places, annotations))
      : []),
    ...warnings.map((one) => warningFinding(one, places)),
    ...(decision.kind === 'unchanged' ? [nothingRequested(places)] : unusedAliases(inspected)),
    ...ambiguousSuffixes(inspected),
    ...tooLarge(inspected),
    ...(settings.detectsPlainText ? plainTextDefaults(inspected) : []),
  ];
  if (decision.kind !== 'inject') return findings;
  const pod: InspectedPod = { ...inspected, pod: decision.pod, injection: decision };
  return [
    ...findings,
    ...unpinnedImages(pod),
    ...broadContainers(pod),
    ...variablesForFiles(pod),
    ...(settings.detectsPlainText ? plainTextValues(pod) : []),
    ...jobDeadline(linted, pod),
    ...(needsNative && pod.asked.options.writtenEnvMode !== 'native' ? [nativeRequired(pod)] : []),
  ];
}

/**
 * The findings in annotations that a controller will copy to pods, without the pod. Aliases may be defined or used in
 * another file: kustomize merges patches, and Helm merges values.
 */
export function lintAnnotations(
  { json, namespace }: LintedPod,
  settings: LintSettings,
): readonly LintFinding[] {
  const annotations = asObject(field(field(json, 'metadata'), 'annotations')) ?? {};
  const context = { namespace, settings: settings.injection };
  const inspected = inspectAnnotations(json, annotations, context);
  if (inspected.set.options.get('inject') === 'false') return [];
  const found = new Findings();
  readAsked(readAnnotations(annotations, found), namespace, settings.injection, found);
  const { places } = inspected;
  return [
    ...found.problems
      .map((one) => problemFinding(one, places, annotations))
      .map((one) => (one.rule === 'ALIAS_UNKNOWN' ? { ...one, level: 'note' as const } : one)),
    ...found.codedWarnings.map((one) => warningFinding(one, places)),
    ...ambiguousSuffixes(inspected),
    ...tooLarge(inspected),
    ...(settings.detectsPlainText ? plainTextDefaults(inspected) : []),
  ];
}

function isInjectedPod(json: unknown): boolean {
  const list = field(field(json, 'spec'), 'initContainers');
  return Array.isArray(list) && list.some((one) => textField(one, 'name') === FETCHER_NAME);
}

/** The API server requires an image of each container, so a pod without any is a patch of kustomize. */
function isPatch(json: unknown): boolean {
  const list = asArray(field(field(json, 'spec'), 'containers'));
  return list?.length !== 0 && list?.every((one) => textField(one, 'image') === undefined) === true;
}

function problemFinding(
  problem: Problem,
  places: Places,
  annotations: Readonly<Record<string, unknown>>,
): LintFinding {
  const { code, subject, wrong, expected } = problem;
  const place = places.of(subject);
  const fix = fixOf(problem, String(place.path.at(-1)), annotations);
  const message = `${wrong}; ${expected}`;
  return { rule: code, subject, message, place, ...(fix === undefined ? {} : { fix }) };
}

function fixOf(
  { code }: Problem,
  key: string,
  annotations: Readonly<Record<string, unknown>>,
): LintFix | undefined {
  if (code === 'ANNOTATION_NOT_TEXT') return { kind: 'quote' };
  const slash = key.indexOf('/') + 1;
  const right = key.slice(0, slash).toLowerCase() + key.slice(slash);
  const isCase = code === 'ANNOTATION_UNKNOWN' && right !== key && !Object.hasOwn(annotations, right);
  return isCase ? { kind: 'rename', key: right } : undefined;
}

function warningFinding({ code, subject, text }: Warning, places: Places): LintFinding {
  // The text often starts with the subject, which lint shows as well.
  const message = text.startsWith(`${subject}: `) ? text.slice(subject.length + 2) : text;
  return { rule: code, subject, message, place: places.of(subject) };
}

function nothingRequested(places: Places): LintFinding {
  const subject = annotationKey('inject');
  const message =
    'the pod has annotations of the injector and requests no secret, so the webhook adds nothing';
  return { rule: 'NOTHING_REQUESTED', subject: 'metadata.annotations', message, place: places.of(subject) };
}

function jobDeadline(
  { jobDeadline: seconds }: LintedPod,
  { asked, places }: InspectedPod,
): readonly LintFinding[] {
  const { timeoutSeconds } = asked.options;
  if (seconds === undefined || seconds >= timeoutSeconds) return [];
  const subject = annotationKey('fetch-timeout');
  const message = `activeDeadlineSeconds ${seconds} of the Job is below ${formatDuration(timeoutSeconds)}: raise it to see failures`;
  return [{ rule: 'DEADLINE_TOO_SHORT', subject, message, place: places.of(subject) }];
}

function nativeRequired({ injection, places }: InspectedPod): LintFinding {
  const names = new Set(
    injection.views.flatMap(({ recipients }) =>
      recipients.flatMap(({ container, envMode }) => (envMode === 'native' ? [quote(container.name)] : [])),
    ),
  );
  const subject = annotationKey('env-mode');
  const message = `the variables of ${[...names].slice(0, 5).join(', ')} need native mode: Kubernetes 1.35 or newer`;
  return { rule: 'NATIVE_REQUIRED', subject, message, place: places.of(subject) };
}
