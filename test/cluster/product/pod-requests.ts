/** Creates pods through the REST API of the API server, without a kubectl for each. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ClusterFacts } from '../options.ts';

/** The connections of an administrator, which are kept. */
export function administrator({ kubeconfig, caFile }: ClusterFacts): Agent {
  const { users } = JSON.parse(readFileSync(kubeconfig, 'utf8')) as {
    users: { user: { 'client-certificate': string; 'client-key': string } }[];
  };
  const user = users[0]?.user;
  return new Agent({
    ca: readFileSync(caFile),
    cert: readFileSync(user?.['client-certificate'] ?? ''),
    key: readFileSync(user?.['client-key'] ?? ''),
    keepAlive: true,
  });
}

/** Sends an object. @returns the text of the answer, whatever its status @throws Error if there is none */
export function post(url: URL, agent: Agent, object: object): Promise<string> {
  const body = JSON.stringify(object);
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => resolve(text(response)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A pod whose name the API server generates, and which requests a secret if `asks`. */
export function loadPod(asks = true): object {
  const annotations = {
    'secrets-injector.dev/file.value': 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-AbCdEf',
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'load-', ...(asks ? { annotations } : {}) },
    spec: { containers: [{ name: 'app', image: 'app' }] },
  };
}
