import { expect, it } from 'vitest';
import { AwsFailure, NetworkFailure } from '../../../../src/aws/calls/errors.ts';
import { RetryLog } from '../../../../src/aws/calls/retry-log.ts';

const REFUSED = new NetworkFailure('ECONNREFUSED');

function makeLog() {
  const lines: string[] = [];
  return { log: new RetryLog((line) => lines.push(line)), lines };
}

it('writes one line for each change of a failure', () => {
  const { log, lines } = makeLog();
  for (let count = 0; count < 100; count += 1) log.retrying('STS', REFUSED);
  log.retrying('STS', new AwsFailure('Throttling', 400));
  log.retrying('Secrets Manager in eu-west-1', REFUSED);
  expect(lines).toEqual([
    'STS: connection refused; retrying',
    'STS: HTTP 400 Throttling; retrying',
    'Secrets Manager in eu-west-1: connection refused; retrying',
  ]);
});

it('ends with failures that change all the time', () => {
  const { log, lines } = makeLog();
  for (let status = 500; status < 1500; status += 1) log.retrying('STS', new AwsFailure('X', status));
  expect(lines).toHaveLength(30);
  expect(lines.at(-1)).toBe('further failures that are retried are not logged');
});

it('names the failures whose retry has not succeeded', () => {
  const { log } = makeLog();
  expect(log.current).toBeUndefined();
  for (const what of ['a', 'b', 'c', 'd', 'e']) log.retrying(what, REFUSED);
  log.succeeded('a', 'never failed');
  expect(log.current).toBe(
    'last failure: b: connection refused, c: connection refused, d: connection refused and 1 more',
  );
});

it('names the services that have not answered, if none failed', () => {
  const { log } = makeLog();
  const answered = log.asking('STS');
  expect(log.current).toBe('no answer yet from STS');
  answered();
  expect(log.current).toBeUndefined();
  const [first] = [log.asking('a'), log.asking('a')];
  first?.();
  expect(log.current).toBe('no answer yet from a');
});
