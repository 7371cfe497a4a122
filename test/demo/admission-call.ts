/** What the API server does: sends a review to the webhook over verified TLS and applies the patch. */
import https from 'node:https';
import jsonpatch, { type Operation } from 'fast-json-patch';

export interface Webhook {
  readonly port: number;
  readonly ca: string;
  /** The name in the certificate. */
  readonly serverName: string;
}

export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly patch: readonly Operation[];
  readonly message: string;
  readonly warnings: readonly string[];
}

/** The review of a pod's creation. */
export function reviewOfCreation(pod: unknown, namespace: string): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: crypto.randomUUID(),
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace,
      operation: 'CREATE',
      userInfo: { username: 'demo', groups: ['system:authenticated'] },
      object: pod,
      oldObject: null,
      dryRun: false,
      options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
    },
  };
}

/** Sends a review. Rejects unless the answer is a review of the same uid. */
export async function sendReview(webhook: Webhook, review: object): Promise<ReviewAnswer> {
  const body = JSON.stringify(review);
  const text = await new Promise<string>((resolve, reject) => {
    const request = https.request(
      {
        host: '127.0.0.1',
        port: webhook.port,
        path: '/mutate?timeout=5s',
        method: 'POST',
        ca: webhook.ca,
        servername: webhook.serverName,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        timeout: 5000,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString());
          else reject(new Error(`the webhook answered HTTP ${response.statusCode}`));
        });
      },
    );
    request.on('timeout', () => request.destroy(new Error('the webhook did not answer within 5 s')));
    request.on('error', reject);
    request.end(body);
  });
  return readAnswer(JSON.parse(text), review);
}

interface AnswerJson {
  readonly response?: {
    readonly uid?: string;
    readonly allowed?: boolean;
    readonly patch?: string;
    readonly status?: { readonly message?: string };
    readonly warnings?: readonly string[];
  };
}

function readAnswer(json: AnswerJson, review: object): ReviewAnswer {
  const { request } = review as { request: { uid: string } };
  const response = json.response;
  if (response?.uid !== request.uid) throw new Error('the answer is not to this review');
  const patch = response.patch === undefined ? '[]' : Buffer.from(response.patch, 'base64').toString();
  return {
    allowed: response.allowed === true,
    patch: JSON.parse(patch) as readonly Operation[],
    message: response.status?.message ?? '',
    warnings: response.warnings ?? [],
  };
}

/** The pod as it would be stored. */
export function applyToPod<T>(pod: T, patch: readonly Operation[]): T {
  return jsonpatch.applyPatch(structuredClone(pod), structuredClone([...patch]), true).newDocument;
}
