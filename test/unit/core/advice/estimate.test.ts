/** Estimates of calls, against the schedule that makes them, and as text. */
import { describe, expect, it } from 'vitest';
import { estimateCalls } from '../../../../src/core/advice/estimate.ts';
import {
  formatCount,
  formatDollars,
  formatPercent,
  formatRate,
} from '../../../../src/core/advice/figures.ts';
import { LookSchedule } from '../../../../src/fetcher/refresh/schedule.ts';

const secretsIn = (...regions: readonly string[]) =>
  regions.map((region, index) => ({ region, arn: `arn:${region}:${index}` }));

describe('the estimate', () => {
  it('has the rate of the schedule', () => {
    const [estimate] = estimateCalls({
      count: 1000,
      secrets: secretsIn('eu-west-1', 'eu-west-1', 'eu-west-1'),
      refresh: { seconds: 300, check: 'describe' },
    });
    // The pause is a linear function of the random number, so its average is that of the mean number.
    const pause = new LookSchedule(300, () => 0.5).after('done') / 1000;
    expect(estimate?.refresh?.callsPerSecond).toBeCloseTo(3000 / pause, 9);
  });

  it('is what AWS charges and allows', () => {
    expect(
      estimateCalls({
        count: 9500,
        secrets: secretsIn('eu-west-1', 'us-east-1', 'eu-west-1'),
        refresh: { seconds: 30, check: 'value' },
      }),
    ).toEqual([
      {
        region: 'eu-west-1',
        callsAtStart: 19_000,
        refresh: {
          call: 'GetSecretValue',
          // 19,000 calls in 28.5 seconds, and 2,628,000 seconds in a month.
          callsPerSecond: expect.closeTo(666.667, 3) as number,
          callsPerMonth: 1_752_000_000,
          dollarsPerMonth: 8760,
          shareOfQuota: expect.closeTo(0.0666667, 6) as number,
        },
        callsAfterChange: 19_000,
      },
      expect.objectContaining({ region: 'us-east-1', callsAtStart: 9500 }) as object,
    ]);
  });

  it('compares DescribeSecret with a quota of its own, and counts the values after a change', () => {
    const [described, read] = (['describe', 'value'] as const).map(
      (check) =>
        estimateCalls({
          count: 10,
          secrets: secretsIn('eu-west-1', 'eu-west-1'),
          refresh: { seconds: 60, check },
        })[0],
    );
    expect((read?.refresh?.shareOfQuota ?? 0) / (described?.refresh?.shareOfQuota ?? 1)).toBeCloseTo(4, 9);
    expect([described?.callsAfterChange, read?.callsAfterChange]).toEqual([20, 20]);
    const refresh = { seconds: 60, check: 'value' } as const;
    const [single] = estimateCalls({ count: 10, secrets: secretsIn('eu-west-1'), refresh });
    expect(single?.callsAfterChange).toBe(0);
  });

  it('asks once about all labels of a secret, and not about a version that is fixed', () => {
    const [secret] = secretsIn('eu-west-1');
    if (secret === undefined) throw new TypeError('there is one');
    const secrets = [secret, secret, { ...secret, arn: 'arn:other', versionId: 'v' }];
    const callsPerSecond = (check: 'describe' | 'value', some: typeof secrets) =>
      estimateCalls({ count: 19, secrets: some, refresh: { seconds: 20, check } })[0]?.refresh
        ?.callsPerSecond;
    expect(callsPerSecond('describe', secrets)).toBeCloseTo(1, 9);
    expect(callsPerSecond('value', secrets)).toBeCloseTo(3, 9);
    expect(callsPerSecond('describe', secrets.slice(2))).toBeUndefined();
  });

  it('has no calls after the start without refresh', () => {
    expect(estimateCalls({ count: 3, secrets: secretsIn('eu-west-1'), refresh: undefined })).toEqual([
      { region: 'eu-west-1', callsAtStart: 3, refresh: undefined, callsAfterChange: 0 },
    ]);
  });
});

it.each([
  [0, '0', '0', '0 %', '$0.00'],
  [0.000_02, '0', 'less than 0.01', 'less than 0.01 %', 'less than $0.01'],
  [0.011_92, '0', '0.012', '1.2 %', '$0.01'],
  [0.5, '1', '0.5', '50 %', '$0.50'],
  [12.34, '12', '12', '1,234 %', '$12.34'],
  [1_234_567, '1,234,567', '1,234,567', '123,456,700 %', '$1,234,567.00'],
])('writes %d with the digits that an estimate has', (value, ...texts) => {
  expect([formatCount(value), formatRate(value), formatPercent(value), formatDollars(value)]).toEqual(texts);
});
