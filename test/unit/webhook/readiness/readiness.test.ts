import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { FETCHER_NAME } from '../../../../src/core/additions/injected-objects.ts';
import { type CertificatePair, checkCertificatePair } from '../../../../src/webhook/certificates/pair.ts';
import { checkOwnReview } from '../../../../src/webhook/readiness/own-review.ts';
import { makeReadiness, type ReadinessParts } from '../../../../src/webhook/readiness/readiness.ts';
import { type Leaf, makeLeaf } from '../../../server/certificates.ts';

const PARTS = { isDraining: () => false, isSettled: () => true };

function certificatesOf(leaf: Leaf): ReadinessParts['certificates'] {
  return { current: pairOf(leaf), problem: undefined, now: Date.now };
}

function pairOf(leaf: Leaf): CertificatePair {
  const checked = checkCertificatePair(leaf.cert, leaf.key, 'tls.crt', 'tls.key');
  if (!checked.ok) throw new Error(checked.problem);
  return checked.value;
}

test('probes share one check, whose answer is forgotten after a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const leaf = await makeLeaf();
  let asked = 0;
  const server = createServer({ cert: leaf.cert, key: leaf.key }, async (request, response) => {
    asked += 1;
    const { uid } = (JSON.parse(await text(request)) as { request: { uid: string } }).request;
    response.end(
      answer([{ op: 'add', path: '/spec/initContainers', value: [{ name: FETCHER_NAME }] }], uid).text,
    );
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const readiness = makeReadiness({
    ...PARTS,
    certificates: certificatesOf(leaf),
    address: () => ({ host: '127.0.0.1', port }),
  });
  const states = await Promise.all(Array.from({ length: 10 }, () => readiness.check()));
  expect(new Set(states.map((state) => state.ready))).toEqual(new Set([true]));
  expect(asked).toBe(1);
  vi.advanceTimersByTime(999);
  await readiness.check();
  expect(asked).toBe(1);
  vi.advanceTimersByTime(2);
  await readiness.check();
  expect(asked).toBe(2);
});

// A probe that reuses it would count one failure several times.
test('probes share a failed check only while it runs', async () => {
  let asked = 0;
  const address = () => {
    asked += 1;
    return undefined;
  };
  const readiness = makeReadiness({ ...PARTS, certificates: certificatesOf(await makeLeaf()), address });
  const states = await Promise.all(Array.from({ length: 10 }, () => readiness.check()));
  expect(new Set(states.map((state) => state.ready))).toEqual(new Set([false]));
  expect(asked).toBe(1);
  await readiness.check();
  expect(asked).toBe(2);
});

test('a listener that is not there is not ready', async () => {
  const readiness = makeReadiness({
    ...PARTS,
    certificates: certificatesOf(await makeLeaf()),
    address: () => ({ host: '127.0.0.1', port: 1 }),
  });
  expect(await readiness.check()).toEqual({ ready: false, why: 'the HTTPS server does not answer' });
});

function answer(operations: unknown, uid = 'u'): { readonly status: number; readonly text: string } {
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { status: 200, text: JSON.stringify({ response: { uid, allowed: true, patch } }) };
}

test.each([
  [
    'is right',
    answer([{ op: 'add', path: '/spec/initContainers', value: [{ name: FETCHER_NAME }] }]),
    undefined,
  ],
  ['has another status', { status: 400, text: '' }, 'the answer to a review has HTTP status 400'],
  ['has another uid', answer([], 'v'), 'the answer to a review has another uid'],
  ['adds nothing', answer([]), 'the answer to a review contains no injection'],
  [
    'has no patch',
    { status: 200, text: '{"response":{"uid":"u"}}' },
    'the patch in the answer to a review cannot be applied',
  ],
  ['is not JSON', { status: 200, text: 'x' }, 'the patch in the answer to a review cannot be applied'],
  [
    'has a patch without its parent',
    answer([{ op: 'add', path: '/spec/none/0', value: {} }]),
    'the patch in the answer to a review cannot be applied',
  ],
])('an answer that %s', (_name, given, problem) => {
  expect(checkOwnReview(given.status, given.text, 'u')).toBe(problem);
});
