/** render --policy, as docs/guides/policy.md shows it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleCli, type Finished, runCli } from './program.ts';

const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../docs/guides/policy.md'), 'utf8');
const [, POLICY = ''] = /```yaml\n(# yaml-language-server.*?)```/s.exec(PAGE) ?? [];
const [, COMMAND = ''] = /^scripts\/aws-secrets-injector (render --policy .*)$/m.exec(PAGE) ?? [];

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-policy-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

const deployment = (secret: string) => `kind: Deployment
metadata: { name: web }
spec:
  template:
    metadata:
      annotations:
        secrets-injector.dev/file.db: arn:aws:secretsmanager:eu-west-1:111122223333:secret:${secret}
    spec:
      containers:
        - name: app
          image: shop/app:1
`;

/** Runs the command of the page with these files. */
function run(
  files: Readonly<Record<string, string>>,
  command = COMMAND,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const args = command.split(' ').map((arg) => (arg.endsWith('.yaml') ? path.join(folder, arg) : arg));
  return runCli(cli, args, '', env);
}

it('renders what the policy allows', async () => {
  const { code, stdout, stderr } = await run({
    'policy.yaml': POLICY,
    'deployment.yaml': deployment('prod/team-shop/db-AbCdEf'),
  });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('aws-secrets-fetch');
});

it('rejects what it does not allow, and prints nothing', async () => {
  const { code, stdout, stderr } = await run({
    'policy.yaml': POLICY,
    'deployment.yaml': deployment('prod/team-billing/db-AbCdEf'),
  });
  expect([code, stdout]).toEqual([1, '']);
  const [, message = ''] = /```\n(POLICY_DENIED.*)\n```/.exec(PAGE) ?? [];
  expect(stderr).toBe(
    `render: ${path.join(folder, 'deployment.yaml')}: Deployment/team-shop/web: ${message}\n`,
  );
});

it('takes the file from its variable', async () => {
  const files = { 'policy.yaml': POLICY, 'deployment.yaml': deployment('any-AbCdEf') };
  const command = COMMAND.replace('--policy policy.yaml ', '');
  expect((await run(files, command)).code).toBe(0);
  const env = { SECRETS_INJECTOR_POLICY: path.join(folder, 'policy.yaml') };
  expect((await run(files, command, env)).code).toBe(1);
});

it.each([
  ['', 'is not a valid policy: the file is empty; write "rules: []" for a policy that allows everything'],
  [
    'rules:\n- acounts: []',
    'line 2, rules[0].acounts: the field does not exist here; did you mean accounts?',
  ],
  [undefined, 'cannot be read (ENOENT)'],
])('ends with 2 for the policy %j', async (text, problem) => {
  rmSync(path.join(folder, 'policy.yaml'), { force: true });
  const { code, stdout, stderr } = await run({
    ...(text === undefined ? {} : { 'policy.yaml': text }),
    'deployment.yaml': deployment('prod/team-shop/db-AbCdEf'),
  });
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(`render: --policy: "${path.join(folder, 'policy.yaml')}" `);
  expect(stderr).toContain(problem);
});
