import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleCli, runCli } from './program.ts';

let cli: string;
beforeAll(async () => {
  cli = await bundleCli();
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

it('tells its commands and version', async () => {
  for (const args of [[], ['--help'], ['help']]) {
    const { code, stdout } = await runCli(cli, args);
    expect(code).toBe(0);
    for (const command of ['webhook', 'fetch', 'render', 'describe', 'iam-policy', 'certs', 'demo'])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
  }
  expect(await runCli(cli, ['--version'])).toMatchObject({ code: 0, stdout: '0.0.0-test\n' });
});

it('suggests the nearest command and ends with 2', async () => {
  const { code, stdout, stderr } = await runCli(cli, ['rendr']);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain('did you mean render?');
});

it('says so when a command is not in this installation', async () => {
  expect(await runCli(cli, ['demo'])).toMatchObject({
    code: 1,
    stderr: 'this installation does not contain the command demo\n',
  });
});

it('gives help for each of its own commands', async () => {
  expect((await runCli(cli, ['render', '--help'])).stdout).toContain('--patch');
  expect((await runCli(cli, ['describe', '--help'])).stdout).toContain('--replicas <count>');
  expect((await runCli(cli, ['iam-policy', '--help'])).stdout).toContain('--kms-key');
  expect((await runCli(cli, ['certs', '-h'])).stdout).toContain('--renew');
});

it('tells every wrong flag at once', async () => {
  const { code, stderr } = await runCli(cli, ['render', '--pach', '--namespace', 'Not_One', '--image', '']);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean --patch?');
  expect(stderr).toContain('--namespace: "Not_One" is not accepted');
});

it('ends quietly when its reader goes away', async () => {
  const { spawnSync } = await import('node:child_process');
  const command = `"${process.execPath}" "${cli}" --help | head -c 1; echo "codes: \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', command], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
  });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/codes: 0/);
});
