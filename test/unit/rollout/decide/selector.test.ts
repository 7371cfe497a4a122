import { expect, it } from 'vitest';
import { selectorQuery, selects } from '../../../../src/rollout/decide/selector.ts';

const LABELS = { app: 'web', tier: 'front' };

it.each([
  [{ matchLabels: { app: 'web' } }, true, 'app=web'],
  [{ matchLabels: { app: 'web', tier: 'back' } }, false, 'app=web,tier=back'],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'web'] }] }, true, 'app in (a,web)'],
  [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a'] }] }, false, 'app in (a)'],
  [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] }, false, 'app notin (web)'],
  [{ matchExpressions: [{ key: 'x', operator: 'NotIn', values: ['web'] }] }, true, 'x notin (web)'],
  [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, true, 'app'],
  [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, false, '!app'],
  [{ matchExpressions: [{ key: 'app', operator: 'Later' }] }, true, undefined],
  [{}, true, undefined],
  [null, false, undefined],
])('%j selects the labels: %s', (selector, expected, query) => {
  expect(selects(selector, LABELS)).toBe(expected);
  expect(selectorQuery(selector)).toBe(query);
});
