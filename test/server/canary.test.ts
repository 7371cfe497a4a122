/** Pods hold secrets of their own, in variables and arguments: the webhook tells nobody of them. */
import { expect, test } from 'vitest';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { type PostOptions, plainGet, postReview } from './client.ts';
import { ARN, podAsking, responseOf, reviewOf } from './reviews.ts';
import { runWebhookHere } from './running.ts';

/** A pod with the value wherever its author may have put one. */
function podWith(annotations: Readonly<Record<string, string>>, container: object = {}) {
  const { metadata } = podAsking(annotations);
  const { annotations: asked } = metadata as { readonly annotations: object };
  const filled = {
    name: 'app',
    image: 'app',
    command: ['sh', '-c', CANARY],
    args: [CANARY],
    env: [{ name: 'PASSWORD', value: CANARY }],
    ...container,
  };
  return {
    metadata: { ...metadata, annotations: { ...asked, 'example.com/token': CANARY }, labels: { x: CANARY } },
    spec: {
      containers: [filled],
      initContainers: [{ ...filled, name: 'first' }],
      volumes: [{ name: 'own', x: CANARY }],
    },
  };
}

const NO_ASKING: Readonly<Record<string, string>> = {};

test.each([
  ['injected', true, podWith({ 'env.DB': ARN, 'file.db': ARN })],
  ['injected with a warning', true, podWith({ 'env.LD_PRELOAD': ARN, containers: '*' })],
  [
    'injected by a form',
    true,
    podWith({ secrets: `- { secret: ${ARN}, env: { DB: { jmesPath: a } }, files: { f: {} } }` }),
  ],
  [
    'refused for its form',
    false,
    podWith({ secrets: `- { secret: ${ARN}, env: { PASSWORD: a, B: { jmesPath: "[" } } }` }),
  ],
  ['refused for YAML that is none', false, podWith({ secrets: '- [' })],
  ['left alone', true, podWith(NO_ASKING)],
  ['refused for its annotations', false, podWith({ 'file.db': 'no-arn', wrong: 'x' })],
  ['refused for its variable', false, podWith({ 'env.PASSWORD': ARN })],
  ['refused for its command', false, podWith({ 'env.DB': ARN }, { command: ['/bin/app', CANARY] })],
  ['refused for its list of variables', false, podWith({ 'env.DB': ARN }, { env: CANARY })],
  ['refused for one of its variables', false, podWith({ 'env.DB': ARN }, { env: [CANARY] })],
  ['refused for its mounts', false, podWith({ 'env.DB': ARN }, { volumeMounts: CANARY })],
])('a pod that is %s', async (_name, allowed, pod) => {
  const webhook = await runWebhookHere();
  const { text } = await postReview(webhook.listenPort, reviewOf(pod));
  const response = responseOf(text);
  expect(response.allowed).toBe(allowed);
  const patch = Buffer.from(response.patch ?? '', 'base64').toString();
  const metrics = (await plainGet(webhook.metricsPort, '/metrics')).text;
  expect(webhook.log.length).toBeGreaterThan(0);
  expectNoCanary([text, patch, metrics, JSON.stringify(webhook.log)]);
});

test.each<[string, string, PostOptions]>([
  ['is no JSON', `${CANARY} is no JSON`, {}],
  ['is cut off', reviewOf(podWith({ 'file.db': ARN })).slice(0, -40), {}],
  ['is no review', JSON.stringify({ secret: CANARY }), {}],
  ['is of another type', CANARY, { headers: { 'content-type': 'text/plain' } }],
  ['goes elsewhere', CANARY, { path: `/${encodeURIComponent(CANARY)}` }],
  ['has a header with it', reviewOf(podWith({ 'file.db': ARN })), { headers: { authorization: CANARY } }],
])('a body that %s', async (_name, body, options) => {
  const webhook = await runWebhookHere();
  const { text } = await postReview(webhook.listenPort, body, options);
  const metrics = (await plainGet(webhook.metricsPort, '/metrics')).text;
  expectNoCanary([text, metrics, JSON.stringify(webhook.log)]);
});
