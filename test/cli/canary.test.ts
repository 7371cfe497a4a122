/** Manifests hold secrets of their own: they are printed where the manifest is, and nowhere else. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { bundleCli, type Finished, runCli } from './program.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
let cli: string;
beforeAll(async () => {
  cli = await bundleCli();
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

/** A pod, written as JSON, which is YAML too. */
function podWith(annotation: string, container: object = {}): string {
  const [name = '', value] = annotation.split('=');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', annotations: { [`secrets-injector.dev/${name}`]: value, other: CANARY } },
    spec: {
      containers: [
        { name: 'app', image: 'app', args: [CANARY], env: [{ name: 'A', value: CANARY }], ...container },
      ],
    },
  });
}

function expectEnd(finished: Finished, code: number): void {
  expect(finished.code).toBe(code);
  expectNoCanary([finished.stderr]);
}

it('in a manifest that is rendered: on standard output alone, and in no patch', async () => {
  const source = podWith(`file.db=${ARN.slice(0, -7)}`);
  const rendered = await runCli(cli, ['render'], source);
  expectEnd(rendered, 0);
  expect(rendered.stderr).toMatch(/^warning: /);
  expect(rendered.stdout).toContain(JSON.stringify(CANARY));
  const patch = await runCli(cli, ['render', '--patch'], source);
  expectEnd(patch, 0);
  expectNoCanary([patch.stdout]);
});

it.each([
  ['an annotation', podWith('wrong=x')],
  ['a variable', podWith(`env.A=${ARN}`, { command: ['sh'] })],
  ['a form', podWith(`secrets=- { secret: ${ARN}, env: { A: b } }`, { command: ['sh'] })],
  ['a form that is no YAML', podWith('secrets=- [')],
  ['a list', podWith(`file.db=${ARN}`, { env: CANARY })],
  ['the YAML', `kind: Pod\n  secret: "${CANARY}\n`],
  ['the JSON', podWith('x=y').slice(0, -30)],
  ['an alias', `kind: *${CANARY}\n`],
  ['a key that is no text', `kind: Pod\n? {password: ${CANARY}}\n: 1\n`],
  ['a separator', `kind: Pod\n---${CANARY}\n`],
  ['a tag', `kind: !!int ${CANARY}\n`],
  ['text after JSON', `{"kind": "Pod"}\n{"${CANARY}": }\n`],
])('in a manifest that is refused for %s: nowhere', async (_name, source) => {
  const finished = await runCli(cli, ['render'], source);
  expectEnd(finished, 1);
  expect(finished.stdout).toBe('');
});

it('in a variable of the process, or in a setting of another command: nowhere', async () => {
  const variables = { AWS_SECRET_ACCESS_KEY: CANARY, SECRETS_INJECTOR_PLAN: CANARY };
  for (const args of [
    ['render'],
    ['render', '--no-such-option'],
    ['no-such-command'],
    ['fetch', '--no-such-option'],
  ]) {
    const finished = await runCli(cli, args, podWith(`file.db=no-arn`), variables);
    expect(finished.code).not.toBe(0);
    expectNoCanary([finished.stderr, finished.stdout]);
  }
});
