import { expect, test } from 'vitest';
import type { InjectionSettings } from '../../../../src/core/settings.ts';
import { makeMetrics } from '../../../../src/webhook/metrics.ts';
import { makeMutate } from '../../../../src/webhook/review/mutate.ts';
import { parseBody } from '../../../../src/webhook/review/review-body.ts';
import { podAsking, responseOf, reviewOf } from '../../../server/reviews.ts';
import { recordingLogger } from '../../../server/running.ts';

test('a bug in the decision becomes a failure under the review’s uid, and its message goes nowhere', async () => {
  const { log, lines } = recordingLogger();
  const metrics = makeMetrics();
  const settings: InjectionSettings = {
    get image(): string {
      throw new TypeError('canary');
    },
  };
  const mutate = makeMutate({ settings: () => settings, log, metrics, isOwnReview: () => false });
  const answer = mutate(Buffer.from(reviewOf(podAsking(), 'u-bug'))) ?? '';
  expect(responseOf(answer)).toMatchObject({ uid: 'u-bug', allowed: false, status: { code: 500 } });
  expect(lines.map((line) => line.message)).toEqual(['the decision threw', 'decided']);
  expect(lines[0]).toMatchObject({ uid: 'u-bug', error: 'TypeError' });
  const metricsText = await metrics.render();
  expect(metricsText).toMatch(/reviews_total\{outcome="failed",reason="INTERNAL"\} 1/);
  expect(answer + JSON.stringify(lines) + metricsText).not.toContain('canary');
});

test('each review is decided by the settings of its moment', () => {
  const { log } = recordingLogger();
  let image = 'registry.example/a:1';
  const settings = (): InjectionSettings => ({ image });
  const mutate = makeMutate({ settings, log, metrics: makeMetrics(), isOwnReview: () => false });
  const patch = (): string =>
    Buffer.from(
      responseOf(mutate(Buffer.from(reviewOf(podAsking()))) ?? '').patch ?? '',
      'base64',
    ).toString();
  expect(patch()).toContain('"registry.example/a:1"');
  image = 'registry.example/b:2';
  expect(patch()).toContain('"registry.example/b:2"');
});

test.each([
  ['JSON', Buffer.from('{"a":"ü€😀"}'), { a: 'ü€😀' }],
  ['ASCII', Buffer.from('[1]'), [1]],
  ['nothing', Buffer.alloc(0), undefined],
  ['a text instead of bytes', '{}', undefined],
  ['no body', undefined, undefined],
  ['Latin-1', Buffer.from('{"a":"ü"}', 'latin1'), undefined],
  ['an overlong encoding', Buffer.from([0x22, 0xc0, 0xaf, 0x22]), undefined],
  ['a lone surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), undefined],
])('a body of %s', (_name, body, parsed) => {
  expect(parseBody(body)).toEqual(parsed);
});
