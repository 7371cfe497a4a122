/** The review that a replica sends to itself, and what its answer must be. */
import jsonpatch, { type Operation } from 'fast-json-patch';
import { FETCHER_NAME } from '../../core/additions/injected-objects.ts';
import { asArray, field, type JsonObject, textField } from '../../core/json.ts';
import { PREFIX } from '../../core/names/prefix.ts';

// Asks for a file only, so that no setting about variables has a say.
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

/** A review of the creation of a pod that asks for a secret. */
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

/** Applies the answer's patch as an API server would. @returns what is wrong with the answer, if anything */
export function checkOwnReview(
  answer: { readonly status: number; readonly text: string },
  uid: string,
): string | undefined {
  if (answer.status !== 200) return `a review is answered with HTTP ${answer.status}`;
  try {
    const response = field(JSON.parse(answer.text), 'response');
    if (textField(response, 'uid') !== uid) return 'a review is answered under another uid';
    const patch = JSON.parse(
      Buffer.from(textField(response, 'patch') ?? '', 'base64').toString(),
    ) as Operation[];
    const { newDocument } = jsonpatch.applyPatch<unknown>(POD, patch, true, false);
    const initContainers = asArray(field(field(newDocument, 'spec'), 'initContainers')) ?? [];
    const isInjected = initContainers.some((container) => field(container, 'name') === FETCHER_NAME);
    return isInjected ? undefined : 'a review is answered without an injection';
  } catch {
    return 'a review is answered with a patch that does not apply';
  }
}
