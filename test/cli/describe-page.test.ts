/** The examples of docs/reference/describe.md: each command prints what the page shows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT, readPage } from '../unit/docs/page.ts';
import { bundleCli, runCli } from './program.ts';

const PAGE = 'docs/reference/describe.md';
// A command of one line, and the block after it.
const EXAMPLE = /(```sh\n(aws-secrets-injector describe -f web\.yaml[^\n]*)\n```\n\n```text\n)(.*?)(```\n)/gs;

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-describe-page-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

it('each command of the page prints what follows it', async () => {
  const page = readPage(PAGE);
  const manifest = path.join(folder, 'web.yaml');
  writeFileSync(manifest, /```yaml\n(apiVersion.*?)```\n/s.exec(page)?.[1] ?? '');
  const examples = [...page.matchAll(EXAMPLE)];
  expect(examples).toHaveLength(1);
  let current = page;
  for (const [example, head = '', command = '', , end = ''] of examples) {
    const [, , ...args] = command.split(' ').map((arg) => (arg === 'web.yaml' ? manifest : arg));
    const { code, stdout } = await runCli(cli, ['describe', ...args]);
    expect(code, command).toBe(0);
    current = current.replace(example, () => `${head}${stdout}${end}`);
  }
  const { stdout } = await runCli(cli, ['describe', '--json', '-f', manifest]);
  const [members = {}] = JSON.parse(stdout) as readonly object[];
  const listed = [...page.matchAll(/^\| `(\w+)` \| [A-Z`]/gm)].map(([, name]) => name);
  expect(listed).toEqual(expect.arrayContaining(Object.keys(members)));
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(ROOT, PAGE), current);
  else expect(page).toBe(current);
});
