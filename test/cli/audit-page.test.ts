/** The example of docs/reference/audit.md: the command prints what the page shows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT, readPage } from '../unit/docs/page.ts';
import { bundleCli, runCli } from './program.ts';

const PAGE = 'docs/reference/audit.md';
const FILES = ['web.yaml', 'iam.json', 'secrets.json'];
const EXAMPLE = /(```sh\n(aws-secrets-injector audit -f web\.yaml[^\n]*)\n```\n\n```text\n)(.*?)(```\n)/s;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-audit-page-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

it('the command prints what follows it', async () => {
  const page = readPage(PAGE);
  const blocks = [...page.matchAll(/```(?:yaml|json)\n(.*?)```\n/gs)].map(([, text = '']) => text);
  expect(blocks).toHaveLength(FILES.length);
  for (const [index, name] of FILES.entries()) writeFileSync(path.join(folder, name), blocks[index] ?? '');
  const [example = '', head = '', command = '', , end = ''] = EXAMPLE.exec(page) ?? [];
  const args = command
    .split(' ')
    .slice(1)
    .map((arg) => (FILES.includes(arg) ? path.join(folder, arg) : arg));
  const { code, stdout } = await runCli(cli, args);
  expect(code).toBe(1);
  const current = page.replace(example, () => `${head}${stdout}${end}`);
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(ROOT, PAGE), current);
  else expect(page).toBe(current);
});
