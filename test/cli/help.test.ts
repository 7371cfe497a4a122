/** The help of every command. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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
