/** A cluster for tests of checks: the product as its manifests install it, and faults on request. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Check, Context, Finding } from '../../../../src/cli/doctor/check.ts';
import { makeFacts } from '../../../../src/cli/doctor/facts.ts';
import type { Network } from '../../../../src/cli/doctor/network.ts';
import type { ApiAnswer, ApiQuestion } from '../../../../src/kubernetes/api-client.ts';
import { ROOT } from '../../../image/built-image.ts';
import { fakeApi } from '../cluster/fake-api.ts';

export const NOW = Date.parse('2026-11-26T12:00:00Z');

/** Objects with the fields that tests change. */
export type Json = Record<string, unknown>;

/** The objects of files below manifests/base. */
export function manifest(...files: readonly string[]): readonly Json[] {
  return files.flatMap((file) =>
    parseAllDocuments(readFileSync(path.join(ROOT, 'manifests/base', file), 'utf8')).map(
      (document) => document.toJS() as Json,
    ),
  );
}

/** The guard as installed. */
export function guardObjects(): readonly Json[] {
  const folder = path.join(ROOT, 'manifests/base/guard');
  const files = readdirSync(folder).filter((file) => file !== 'kustomization.yaml');
  return manifest(...files.map((file) => `guard/${file}`));
}

/** The registration with a caBundle. */
export function registered(caBundle: string): { metadata: Json; webhooks: Json[] } {
  const [object] = manifest('mutating-webhook-configuration.yaml') as unknown as [
    { metadata: Json; webhooks: (Json & { clientConfig: Json })[] },
  ];
  const webhooks = object.webhooks.map((one) => ({
    ...one,
    clientConfig: { ...one.clientConfig, caBundle: Buffer.from(caBundle).toString('base64') },
  }));
  return { metadata: object.metadata, webhooks };
}

export function answer(json: unknown, at = NOW): ApiAnswer {
  return { kind: 'answer', json, at };
}

export function list(...items: readonly unknown[]): ApiAnswer {
  return answer({ items });
}

export const FORBIDDEN: ApiAnswer = { kind: 'refused', status: 403, message: 'x is forbidden' };
export const NO_ANSWER: ApiAnswer = { kind: 'failed', what: 'no answer in time' };

/** By the start of the path, of which the longest counts. An empty list answers the rest. */
export type Answers = Readonly<Record<string, ApiAnswer | ((question: ApiQuestion) => ApiAnswer)>>;

export interface FakeContext extends Partial<Omit<Context, 'api' | 'facts' | 'network'>> {
  readonly answers?: Answers;
  readonly network?: Partial<Network>;
}

const NO_NETWORK: Network = {
  resolve: async () => ({ ok: true, value: ['192.0.2.1'] }),
  get: async () => ({ ok: false, code: 'ECONNREFUSED' }),
  peer: async () => ({ ok: false, problem: 'ECONNREFUSED' }),
  forward: async () => ({ ok: false, problem: 'kubectl was not found' }),
};

export function fakeContext({ answers = {}, network, ...more }: FakeContext = {}): Context {
  const api = fakeApi((question) => {
    const paths = Object.keys(answers).filter((path) => question.path.startsWith(path));
    const found = answers[paths.sort((one, other) => other.length - one.length)[0] ?? ''];
    return typeof found === 'function' ? found(question) : found;
  });
  return {
    api,
    facts: makeFacts(api, new AbortController().signal),
    network: { ...NO_NETWORK, ...network },
    isInPod: false,
    namespace: 'aws-secrets-injector',
    podNamespace: undefined,
    regions: [],
    now: () => NOW,
    ...more,
  };
}

/** Runs one check. */
export async function runCheck(check: Check, context: FakeContext): Promise<readonly Finding[]> {
  return await check.run(fakeContext(context), new AbortController().signal);
}

/** `status what` of each finding. */
export async function linesOf(check: Check, context: FakeContext): Promise<readonly string[]> {
  return (await runCheck(check, context)).map(({ status, what }) => `${status} ${what}`);
}

/** A Deployment whose pods request a secret. */
export function workload(name: string, spec: Json = {}, annotations: Json = {}, more: Json = {}): Json {
  const arn = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
  return {
    metadata: { namespace: 'shop', name },
    spec: {
      replicas: 2,
      template: {
        metadata: { annotations: { 'secrets-injector.dev/file.db': arn, ...annotations } },
        spec: { containers: [{ name: 'app', image: 'app' }], ...spec },
      },
    },
    ...more,
  };
}
