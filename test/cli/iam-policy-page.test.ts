/** The examples of docs/reference/iam-policy.md: each command prints what the page shows. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleCli, runCli } from './program.ts';

const PAGE = path.resolve(import.meta.dirname, '../../docs/reference/iam-policy.md');
const MANIFESTS = ['web.yaml', 'report.yaml'];
// A command of one line, and the block after it.
const EXAMPLE =
  /(```sh\n(aws-secrets-injector iam-policy -f \w+\.yaml[^\n]*)\n```\n\n```(\w+)\n)(.*?)(```\n)/gs;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-iam-policy-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

it('each command of the page prints what follows it', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const manifests = [...page.matchAll(/```yaml\n(apiVersion.*?)```\n/gs)].map(([, text = '']) => text);
  expect(manifests).toHaveLength(MANIFESTS.length);
  for (const [index, name] of MANIFESTS.entries())
    writeFileSync(path.join(folder, name), manifests[index] ?? '');
  const examples = [...page.matchAll(EXAMPLE)];
  expect(examples).toHaveLength(8);
  let current = page;
  for (const [example, head = '', command = '', , , end = ''] of examples) {
    const [, , ...args] = command
      .split(' ')
      .map((arg) => (MANIFESTS.includes(arg) ? path.join(folder, arg) : arg));
    const { code, stdout } = await runCli(cli, ['iam-policy', ...args]);
    expect(code, command).toBe(0);
    current = current.replace(example, () => `${head}${stdout}${end}`);
  }
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, current);
  else expect(page).toBe(current);
});
