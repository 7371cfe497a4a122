/** Which secrets are asked for, and when: also when somebody names more of them than anyone can ask for. */
import { expect, it } from 'vitest';
import { KnownVersions } from '../../../../src/rollout/changes/known-versions.ts';

const HOUR = 3_600_000;
const NOW = 1_000_000;

const versions = () => new KnownVersions(HOUR, () => 0.5);
const many = (count: number, namespace: string): [string, Set<string>][] =>
  Array.from({ length: count }, (_, index) => [`${namespace}/${index}`, new Set([namespace])]);

it('a namespace with very many secrets does not keep back another one', () => {
  const known = versions();
  const wanted = new Map([...many(200_000, 'large'), ...many(3, 'small')]);
  const first = known.due(wanted, NOW);
  expect(first).toHaveLength(100);
  expect(first.filter((arn) => arn.startsWith('small/'))).toEqual(['small/0', 'small/1', 'small/2']);
  // The others follow in the next pass, which comes at once.
  expect(known.nextDue).toBeLessThanOrEqual(NOW);
  for (const arn of first) known.found(arn, new Map(), NOW);
  expect(known.due(wanted, NOW).filter((arn) => first.includes(arn))).toEqual([]);
});

it('nor does it by naming the secrets of the other one', () => {
  const wanted = new Map([...many(1_000, 'large'), ['small/0', new Set(['large', 'small'])] as const]);
  expect(versions().due(wanted, NOW)).toContain('small/0');
});

it('many known secrets are no problem', () => {
  const known = versions();
  const wanted = new Map(many(200_000, 'large'));
  for (const arn of wanted.keys()) known.found(arn, new Map(), NOW);
  expect(known.due(wanted, NOW)).toEqual([]);
  expect(known.nextDue).toBe(NOW + HOUR);
});

it('a secret that an event names comes first in its namespace', () => {
  const known = versions();
  const wanted = new Map(many(500, 'large'));
  known.found('large/400', new Map(), NOW);
  known.hint('large/400');
  expect(known.due(wanted, NOW)[0]).toBe('large/400');
});
