/** The rows of docs/reference/values.md about secrets that AWS does not give, through the real fetcher. */
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { arnOf, planOf } from '../fetcher/plans.ts';
import { FETCHED_ROWS, NEED, NEEDS, OPTIONAL_ROWS } from '../values/absence.ts';

let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage();
});
beforeEach(() => aws.reset());
afterAll(() => aws.stop());

const ARN = arnOf('shop/db');
const NOT_THERE = arnOf('shop/none');
// A final error is asked for again a few times: the secret may just have been created.
const NO_WAITING = ['--require', path.resolve(import.meta.dirname, '../fetcher/no-waiting.cjs')];

describe.each(FETCHED_ROWS)('$state', ({ fault, versions, exit, verdicts }) => {
  const arn = fault === undefined && versions === undefined ? NOT_THERE : ARN;
  beforeEach(() => {
    aws.standIn.putSecret({
      arn: ARN,
      ...(versions === undefined ? { value: '{"key":"v"}' } : { versions }),
    });
    if (fault !== undefined) aws.standIn.script('GetSecretValue', fault);
  });

  it.each(NEEDS)('%s', async (need) => {
    const taken = { secret: 0, key: 'key', ...NEED[need] };
    const plan = planOf([arn], { env: [{ name: 'A', ...taken }], files: [{ path: 'd/f', ...taken }] });
    const finished = await aws.stage.run(plan, {}, NO_WAITING);
    const verdict = verdicts[need];
    switch (verdict) {
      case 'value':
        throw new Error('no secret, no value');
      case 'absent':
        expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
        expect(aws.stage.read('env').toString()).toBe('');
        return expect(aws.stage.listing()).not.toContain('d');
      case 'default':
        expect(finished).toMatchObject({ code: 0, stderr: '', termination: '' });
        expect(aws.stage.read('env').toString()).toBe("A='stands in'\n");
        return expect(aws.stage.read('d/f').toString()).toBe('stands in');
      default:
        expect(finished.code).toBe(exit);
        expect(finished.termination).toMatch(new RegExp(`^${verdict} secrets-injector\\.dev/`));
        return expect(aws.stage.listing()).toEqual([]);
    }
  });
});

it('what one reference needs, every other one of the same secret needs too', async () => {
  const env = [
    { name: 'A', secret: 0, key: 'key' },
    { name: 'B', secret: 0, key: 'key', optional: true as const },
  ];
  expect((await aws.stage.run(planOf([NOT_THERE], { env }), {}, NO_WAITING)).code).toBe(12);
});

it('an absent secret leaves what docs/reference/values.md says, whichever way it was asked for', async () => {
  const views = OPTIONAL_ROWS.map(({ view }, index) => ({
    ...planOf([NOT_THERE], view).views[0],
    volume: index === 0 ? 'aws-secrets' : `aws-secrets-${index}`,
  }));
  const plan = { ...planOf([NOT_THERE], {}), views } as ReturnType<typeof planOf>;
  expect(await aws.stage.run(plan)).toMatchObject({ code: 0, stderr: '' });
  for (const [index, { secretAbsent }] of OPTIONAL_ROWS.entries()) {
    const visible = aws.stage.listing(views[index]?.volume).filter((name) => !name.startsWith('.'));
    expect(visible).toEqual([...Object.keys(secretAbsent.files ?? {}), ...(secretAbsent.directories ?? [])]);
  }
});
