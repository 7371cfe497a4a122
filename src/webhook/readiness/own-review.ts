/** The review that a replica sends to itself, and the check of its answer. */
import jsonpatch, { type Operation } from 'fast-json-patch';
import { FETCHER_NAME } from '../../core/additions/injected-objects.ts';
import { asArray, field, type JsonObject, textField } from '../../core/json.ts';
import { PREFIX } from '../../core/names/prefix.ts';

// Requests a file, so that the result does not depend on settings for variables.
const POD: JsonObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'readiness',
    annotations: {
      [`${PREFIX}file.readiness`]: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:readiness-AbCdEf',
    },
  },
  spec: { containers: [{ name: 'app', image: 'app' }] },
};

/** A review for the creation of a pod that requests a secret. */
export function ownReview(uid: string): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'readiness',
      operation: 'CREATE',
      object: POD,
    },
  });
}

/** Applies the patch of the answer as an API server does. @returns what is wrong with the answer, or undefined */
export function checkOwnReview(status: number, text: string, uid: string): string | undefined {
  if (status !== 200) return `the answer to a review has HTTP status ${status}`;
  try {
    const response = field(JSON.parse(text), 'response');
    if (textField(response, 'uid') !== uid) return 'the answer to a review has another uid';
    const patch = JSON.parse(
      Buffer.from(textField(response, 'patch') ?? '', 'base64').toString(),
    ) as Operation[];
    const { newDocument } = jsonpatch.applyPatch<unknown>(POD, patch, true, false);
    const initContainers = asArray(field(field(newDocument, 'spec'), 'initContainers')) ?? [];
    const isInjected = initContainers.some((container) => field(container, 'name') === FETCHER_NAME);
    return isInjected ? undefined : 'the answer to a review contains no injection';
  } catch {
    return 'the patch in the answer to a review cannot be applied';
  }
}
