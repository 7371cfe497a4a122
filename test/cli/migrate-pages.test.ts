/** The commands of the pages about migrations print what the pages show. UPDATE_DOCS=1 writes it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Guide, readGuide, updatePage, withOutputs } from '../guides/page.ts';
import { prepareFolder, walk } from '../guides/walk.ts';
import { bundleCli } from './program.ts';

const PAGES = ['external-secrets', 'secrets-store-csi', 'sidecar-injector', 'vault', 'bank-vaults'];

let cli: string;
let folder: string;
beforeAll(async () => {
  cli = await bundleCli();
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-migrate-pages-'));
});
afterAll(() => {
  rmSync(path.dirname(cli), { recursive: true });
  rmSync(folder, { recursive: true });
});

/** A listing that the page shows in JSON. */
function saveListing({ text }: Guide, to: string): void {
  const [, json] = /```json\n(\{\n {2}"SecretList".*?)```/s.exec(text) ?? [];
  if (json !== undefined) writeFileSync(path.join(to, 'secrets.json'), json);
}

it.each(PAGES)('docs/guides/migrate-%s.md', async (name) => {
  const guide = readGuide(`docs/guides/migrate-${name}.md`);
  const own = path.join(folder, name);
  prepareFolder(own, { 'aws-secrets-injector': `'${process.execPath}' '${cli}'` });
  saveListing(guide, own);
  for (const step of guide.steps)
    if (step.kind === 'file') writeFileSync(path.join(own, step.name), step.text);
  const parts = guide.steps.flatMap((step, index) =>
    step.kind === 'commands' && step.output !== undefined
      ? [{ name: String(index), lines: step.commands.map((command) => `${command} 2>&1`) }]
      : [],
  );
  expect(parts).toHaveLength(1);
  const { outputs, status, stderr } = await walk(own, parts, {});
  expect(status, stderr + [...outputs.values()].join('')).toBe(0);
  const current = withOutputs(guide, new Map([...outputs].map(([index, output]) => [Number(index), output])));
  if (!updatePage(guide, current)) expect(guide.text).toBe(current);
});
