/** The help of every command. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeKubectl } from './fake-kubectl.ts';
import { bundleCli, runCli } from './program.ts';

let cli: string;
let commands: readonly string[];
beforeAll(async () => {
  cli = await bundleCli();
  const { stdout } = await runCli(cli, ['__complete', '']);
  commands = stdout.split('\n').flatMap((line) => /^([a-z][a-z-]*)\t/.exec(line)?.[1] ?? []);
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

/** Programs have bundles of their own, which are not beside this one. */
const PROGRAMS: ReadonlySet<string> = new Set(['demo', 'webhook', 'fetch', 'rollout']);

it('fits into 80 columns, and has no colors', async () => {
  expect(commands.length).toBeGreaterThan(8);
  for (const command of [[], ...commands.filter((one) => !PROGRAMS.has(one)).map((one) => [one])]) {
    const { code, stdout, stderr } = await runCli(cli, [...command, '--help'], '', { FORCE_COLOR: '1' });
    expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toContain('\u001b');
  }
});

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations:
        secrets-injector.dev/env.PASSWORD: arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf:password
    spec:
      serviceAccountName: web
      containers: [{ name: app, image: registry.example/web:1, command: [sh, -c, exec web] }]
`;

/** What examples read from. \`kubectl get\` and \`kustomize build\` print the manifest. */
function makeExampleFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-examples-'));
  mkdirSync(path.join(folder, 'deploy'));
  mkdirSync(path.join(folder, 'bin'));
  for (const file of ['web.yaml', 'deploy/web.yaml']) writeFileSync(path.join(folder, file), WEB);
  writeFileSync(path.join(folder, 'secrets.json'), '{"SecretList":[]}');
  writeFileSync(path.join(folder, 'iam.json'), '{ "RoleDetailList": [] }');
  const program = (name: string, script: string): void =>
    writeFileSync(path.join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  program('aws-secrets-injector', `exec '${process.execPath}' '${cli}' "$@"`);
  for (const name of ['kustomize', 'helm']) program(name, `cat '${folder}/web.yaml'`);
  const print = `process.stdout.write(require('node:fs').readFileSync('${folder}/web.yaml'))`;
  writeKubectl(path.join(folder, 'bin/kubectl'), print);
  return folder;
}

it('the examples run as they are written', async () => {
  const folder = makeExampleFolder();
  const env = { PATH: `${path.join(folder, 'bin')}:${process.env['PATH']}` };
  let count = 0;
  try {
    for (const command of commands.filter((one) => !PROGRAMS.has(one))) {
      const { stdout } = await runCli(cli, [command, '--help']);
      const [, examples = ''] = /\nExamples:\n\n(.*?)\n\n/s.exec(stdout) ?? [];
      for (const line of examples.split('\n').filter((one) => one.trim() !== '')) {
        const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', line], {
          cwd: folder,
          env,
          encoding: 'utf8',
        });
        expect({ line, status, stderr: status === 0 ? '' : stderr }).toEqual({ line, status: 0, stderr: '' });
        count += 1;
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(count).toBeGreaterThan(8);
});
