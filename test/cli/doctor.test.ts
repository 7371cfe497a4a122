/** The doctor command as a process, with a kubectl that answers as its proxy does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeKubectl } from './fake-kubectl.ts';
import { bundleCli, type Finished, runCli } from './program.ts';

let cli: string;
let folder: string;
let kubectl: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-doctor-'));
  kubectl = path.join(folder, 'kubectl');
  writeKubectl(kubectl);
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

function run(...flags: readonly string[]): Promise<Finished> {
  return runCli(cli, ['doctor', ...flags], '', { PATH: '/nowhere' });
}

it('prints a line for each finding, and names missing rights', async () => {
  const { code, stdout, stderr } = await run('--kubectl', kubectl);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain('ok      api-server: Kubernetes v1.35.4\n');
  expect(stdout).toContain(
    'skipped kubelets: needs the right to list nodes\n          next: kubectl auth can-i list nodes\n',
  );
  expect(stdout).toMatch(/\n\n2 ok, 0 warn, 0 fail, 13 skipped\n$/);
});

it('prints JSON', async () => {
  const { code, stdout } = await run('--kubectl', kubectl, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toContainEqual({
    check: 'api-server',
    status: 'ok',
    what: 'Kubernetes v1.35.4',
    next: [],
  });
});

it.each([
  [['--regions', 'x'], 2, 'did you mean --region?'],
  [['--region', 'Ireland'], 2, '--region: "Ireland" is not accepted'],
  [[], 1, 'doctor: kubectl was not found: install it, or set --kubectl\n'],
  [['--kubectl', '/nowhere'], 1, 'doctor: /nowhere was not found'],
])('ends with a message: %j', async (flags, expected, message) => {
  const { code, stdout, stderr } = await run(...flags);
  expect([code, stdout]).toEqual([expected, '']);
  expect(stderr).toContain(message);
});

it('a signal ends kubectl, and removes its socket', async () => {
  const silent = path.join(folder, 'silent');
  const lines = [
    `#!${process.execPath}`,
    `const socket = process.argv.find((one) => one.startsWith('--unix-socket=')).slice(14);`,
    `require('node:fs').writeFileSync(__filename + '.pid', String(process.pid));`,
    `require('node:http').createServer(() => console.error('asked')).listen(socket, () => console.log('Starting to serve'));`,
  ];
  writeFileSync(silent, lines.join('\n'), { mode: 0o755 });
  const temporary = path.join(folder, 'tmp');
  mkdirSync(temporary);
  const env = { TMPDIR: temporary };
  const child = spawn(process.execPath, [cli, 'doctor', '--kubectl', silent], { env, stdio: 'ignore' });
  await expect.poll(() => existsSync(`${silent}.pid`), { timeout: 10_000 }).toBe(true);
  await expect.poll(() => readdirSync(temporary)).toHaveLength(1);
  child.kill('SIGTERM');
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect([signal, readdirSync(temporary)]).toEqual(['SIGTERM', []]);
  const pid = Number(readFileSync(`${silent}.pid`, 'utf8'));
  await expect
    .poll(() => existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    .toBeFalsy();
});
