/** AdmissionReview (admission.k8s.io/v1): from JSON to an outcome, and from an outcome to the answer. */

import { denied, type Outcome, statusOf, unchanged } from './decide/outcome.ts';
import { decideInjection, type InjectionContext } from './inject.ts';
import { field, textField } from './json.ts';
import { formatProblems, type Problem } from './problems/problems.ts';
import { printable, quote } from './problems/quote.ts';
import type { InjectionSettings } from './settings.ts';

const API_VERSION = 'admission.k8s.io/v1';
const KIND = 'AdmissionReview';

/** What a log line contains of a request: names only, shortened and printable. */
export interface ReviewFacts {
  readonly uid: string;
  readonly namespace: string;
  /** The name of the pod; for a generated name, its prefix and `*`. */
  readonly name: string;
  readonly operation: string;
  readonly dryRun: boolean;
}

/**
 * Decides about a review.
 * @param traceparent the trace that the fetcher continues
 * @returns undefined if the review contains no uid, so that an answer could not be matched to it
 */
export function decideReview(
  body: unknown,
  settings: InjectionSettings,
  traceparent?: string,
): { readonly facts: ReviewFacts; readonly outcome: Outcome } | undefined {
  const request = field(body, 'request');
  const uid = textField(request, 'uid');
  if (uid === undefined || uid === '' || uid.length > 128) return undefined;
  const object = field(request, 'object');
  const namespace = textField(request, 'namespace') ?? '';
  const facts: ReviewFacts = {
    uid,
    namespace: printable(namespace),
    name: printable(nameOf(request, object)),
    operation: printable(textField(request, 'operation') ?? ''),
    dryRun: field(request, 'dryRun') === true,
  };
  return { facts, outcome: outcomeOf(body, request, object, { namespace, traceparent }, settings) };
}

function outcomeOf(
  body: unknown,
  request: unknown,
  object: unknown,
  context: InjectionContext,
  settings: InjectionSettings,
): Outcome {
  const problem = versionProblem(body);
  if (problem !== undefined) return denied([problem]);
  if (textField(request, 'operation') !== 'CREATE') return unchanged('not-create');
  const subResource = field(request, 'subResource') ?? '';
  const resource = field(request, 'resource');
  const isPod =
    textField(resource, 'group') === '' &&
    textField(resource, 'version') === 'v1' &&
    textField(resource, 'resource') === 'pods';
  if (!isPod || subResource !== '') return unchanged('not-a-pod');
  return decideInjection(object, context, settings);
}

function versionProblem(body: unknown): Problem | undefined {
  const kind = field(body, 'kind');
  const version = field(body, 'apiVersion');
  if (kind === KIND && version === API_VERSION) return undefined;
  return {
    code: 'REVIEW_UNSUPPORTED',
    subject: 'apiVersion',
    wrong: `the request is a ${quote(String(kind))} of version ${quote(String(version))}`,
    expected: `register the webhook with admissionReviewVersions [v1], so that the API server sends ${API_VERSION} ${KIND}`,
  };
}

function nameOf(request: unknown, object: unknown): string {
  const metadata = field(object, 'metadata');
  const name = textField(request, 'name') || textField(metadata, 'name');
  const generated = textField(metadata, 'generateName');
  return name || (generated === undefined ? '' : `${generated}*`);
}

/**
 * The answer to a review. The HTTP status is 200 for every outcome.
 * @param base64 encodes text as UTF-8; the encoder of the platform is faster than one in the core
 */
export function encodeReview(uid: string, outcome: Outcome, base64: (text: string) => string): object {
  return { apiVersion: API_VERSION, kind: KIND, response: responseOf(uid, outcome, base64) };
}

function responseOf(uid: string, outcome: Outcome, base64: (text: string) => string): object {
  switch (outcome.kind) {
    case 'injected':
      return {
        uid,
        allowed: true,
        patchType: 'JSONPatch',
        patch: base64(JSON.stringify(outcome.patch)),
        auditAnnotations: { outcome: 'injected', references: String(outcome.references) },
        ...warningsOf(outcome.warnings),
      };
    case 'unchanged':
      return {
        uid,
        allowed: true,
        auditAnnotations: { outcome: 'unchanged', reason: outcome.reason },
        ...warningsOf(outcome.warnings),
      };
    case 'denied':
    case 'failed':
      return { uid, allowed: false, status: { code: statusOf(outcome), message: messageOf(outcome) } };
  }
}

function messageOf(outcome: Extract<Outcome, { kind: 'denied' | 'failed' }>): string {
  if (outcome.kind === 'denied') return formatProblems(outcome.problems, outcome.more);
  return 'INTERNAL aws-secrets-injector: a bug in the injector prevented the injection, and the pod was not changed; report the bug with the uid from the log';
}

function warningsOf(warnings: readonly string[]): { readonly warnings?: readonly string[] } {
  return warnings.length === 0 ? {} : { warnings };
}
