/** The examples of pages for the describe command. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT, readPage } from '../unit/docs/page.ts';
import { bundleCli, runCli } from './program.ts';

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

/** Writes the first manifest of a page. @returns its path */
function manifestOf(page: string): string {
  const manifest = path.join(folder, 'web.yaml');
  writeFileSync(manifest, /```yaml\n(apiVersion.*?)```\n/s.exec(page)?.[1] ?? '');
  return manifest;
}

it.each(['docs/reference/describe.md', 'docs/guides/rotation.md'])(
  'the command of %s prints what follows it',
  async (file) => {
    const page = readPage(file);
    const manifest = manifestOf(page);
    const examples = [...page.matchAll(EXAMPLE)];
    expect(examples).toHaveLength(1);
    let current = page;
    for (const [example, head = '', command = '', , end = ''] of examples) {
      const [, , ...args] = command.split(' ').map((arg) => (arg === 'web.yaml' ? manifest : arg));
      const { code, stdout } = await runCli(cli, ['describe', ...args]);
      expect(code, command).toBe(0);
      current = current.replace(example, () => `${head}${stdout}${end}`);
    }
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(ROOT, file), current);
    else expect(page).toBe(current);
  },
);

it('the page lists all members of the JSON', async () => {
  const page = readPage('docs/reference/describe.md');
  const { stdout } = await runCli(cli, ['describe', '--json', '-f', manifestOf(page)]);
  const [members = {}] = JSON.parse(stdout) as readonly object[];
  const listed = [...page.matchAll(/^\| `(\w+)` \| [A-Z`]/gm)].map(([, name]) => name);
  expect(listed).toEqual(Object.keys(members));
});
