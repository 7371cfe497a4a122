/** Reviews as an API server sends them, and what it does with an answer. */
import jsonpatch, { type Operation } from 'fast-json-patch';

export const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';

export interface PodJson {
  readonly metadata?: { readonly annotations?: unknown; readonly [key: string]: unknown } | null;
  readonly spec?: unknown;
}

/** A pod with annotations, their prefix left out. */
export function podAsking(annotations: Readonly<Record<string, string>> = { 'file.db': ARN }): PodJson {
  const entries = Object.entries(annotations).map(([key, value]) => [`secrets-injector.dev/${key}`, value]);
  return {
    metadata: { generateName: 'shop-', annotations: Object.fromEntries(entries) },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  };
}

/** The review of a pod's creation. */
export function reviewOf(pod: PodJson, uid = 'uid-1'): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      object: pod,
      oldObject: null,
    },
  });
}

export interface ReviewResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly patch?: string;
  readonly status?: { readonly code: number; readonly message: string };
}

/** The response inside an answer. */
export function responseOf(text: string): ReviewResponse {
  return (JSON.parse(text) as { readonly response: ReviewResponse }).response;
}

interface PatchedPod {
  readonly spec: {
    readonly initContainers: readonly {
      readonly name: string;
      readonly env?: readonly { readonly name: string; readonly value?: string }[];
    }[];
  };
}

/** The pod after the answer's patch. */
export function patchedPod(pod: PodJson, response: ReviewResponse): PatchedPod {
  const operations = JSON.parse(Buffer.from(response.patch ?? '', 'base64').toString()) as Operation[];
  return jsonpatch.applyPatch(structuredClone(pod), operations, true).newDocument as unknown as PatchedPod;
}

/** Names of the init containers that the pod has after the answer's patch. */
export function initContainersAfter(pod: PodJson, response: ReviewResponse): readonly string[] {
  return patchedPod(pod, response).spec.initContainers.map((container) => container.name);
}
