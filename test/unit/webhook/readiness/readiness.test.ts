import { expect, onTestFinished, test, vi } from 'vitest';
import { FETCHER_NAME } from '../../../../src/core/additions/injected-objects.ts';
import { type CertificatePair, checkCertificatePair } from '../../../../src/webhook/certificates/pair.ts';
import { checkOwnReview } from '../../../../src/webhook/readiness/own-review.ts';
import { makeReadiness } from '../../../../src/webhook/readiness/readiness.ts';
import { makeLeaf } from '../../../server/certificates.ts';

async function pair(): Promise<CertificatePair> {
  const leaf = await makeLeaf();
  const checked = checkCertificatePair(leaf.cert, leaf.key, 'tls.crt', 'tls.key');
  if (!checked.ok) throw new Error(checked.problem);
  return checked.value;
}

test('probes share one check, whose answer is forgotten after a second', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const certificate = await pair();
  let asked = 0;
  const readiness = makeReadiness({
    certificates: { current: certificate, problem: undefined, now: Date.now },
    isDraining: () => false,
    isSettled: () => true,
    // No address: the check itself ends at once, what counts here is how often it is made.
    address: () => {
      asked += 1;
      return undefined;
    },
  });
  const states = await Promise.all(Array.from({ length: 10 }, () => readiness.check()));
  expect(new Set(states.map((state) => state.ready))).toEqual(new Set([false]));
  expect(asked).toBe(1);
  vi.advanceTimersByTime(999);
  await readiness.check();
  expect(asked).toBe(1);
  vi.advanceTimersByTime(2);
  await readiness.check();
  expect(asked).toBe(2);
});

test('a listener that is not there is not ready', async () => {
  const certificate = await pair();
  const readiness = makeReadiness({
    certificates: { current: certificate, problem: undefined, now: Date.now },
    isDraining: () => false,
    isSettled: () => true,
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
