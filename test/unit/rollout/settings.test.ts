import { expect, it } from 'vitest';
import { parseQueueUrl } from '../../../src/rollout/aws/queue.ts';
import { describeIntervalOf, readRolloutSettings, regionOf, rulesOf } from '../../../src/rollout/settings.ts';

const QUEUE = 'https://sqs.eu-west-1.amazonaws.com/111122223333/secret-changes';

function read(...argv: readonly string[]) {
  const settings = readRolloutSettings(argv, {});
  if (settings.kind !== 'settings') throw new Error(JSON.stringify(settings));
  return settings.values;
}

it('has defaults that restart little at a time', () => {
  expect(rulesOf(read())).toEqual({
    delay: 60_000,
    atOnce: 5,
    atOncePerNamespace: 2,
    perHour: 60,
    perHourPerNamespace: 20,
    stuckAfter: 600_000,
    windows: [],
    timeZone: 'UTC',
  });
  expect(describeIntervalOf(read())).toBe(300_000);
});

it('with a queue, asks less often', () => {
  const values = read(`--queue-url=${QUEUE}`);
  expect([describeIntervalOf(values), regionOf(values)]).toEqual([3_600_000, 'eu-west-1']);
  expect(describeIntervalOf(read(`--queue-url=${QUEUE}`, '--describe-interval=30s'))).toBe(30_000);
});

it.each([
  [['--windows=22:00'], /--windows: "22:00" is not accepted/],
  [['--time-zone=Mars/Olympus'], /--time-zone/],
  [['--queue-url=https://example.com/queue'], /--queue-url/],
  [['--queue-url=https://vpce-1.example/111122223333/changes'], /--queue-region: must be set/],
  [['--metrics-port=8081'], /--metrics-port: is equal to --probe-port/],
  [['--max-at-once=0'], /--max-at-once/],
  [['--ca-bundle-file=/does/not/exist'], /--ca-bundle-file/],
])('rejects %j', (argv, problem) => {
  const settings = readRolloutSettings(argv, {});
  expect(settings).toMatchObject({ kind: 'problems', problems: [expect.stringMatching(problem)] });
});

it('several windows are separated by semicolons', () => {
  expect(read('--windows=Mon-Fri 22:00-04:00; Sat,Sun 00:00-24:00').windows).toHaveLength(2);
});

it.each<readonly [string, string | undefined]>([
  [QUEUE, 'eu-west-1'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/111122223333/a_b-c', 'cn-north-1'],
  ['https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/a', 'us-gov-west-1'],
  ['https://vpce-0a1.sqs.eu-west-1.vpce.amazonaws.com/111122223333/a', 'eu-west-1'],
  ['https://localhost:4566/111122223333/a', undefined],
])('the Region of %s', (url, region) => {
  expect(parseQueueUrl(url)?.region).toBe(region);
});

it.each([
  'http://sqs.eu-west-1.amazonaws.com/111122223333/a',
  'https://user@sqs.eu-west-1.amazonaws.com/111122223333/a',
  'https://sqs.eu-west-1.amazonaws.com/a',
  'https://sqs.eu-west-1.amazonaws.com/111122223333/a?x=1',
  'arn:aws:sqs:eu-west-1:111122223333:a',
])('is not the URL of a queue: %s', (url) => {
  expect(parseQueueUrl(url)).toBeUndefined();
});
