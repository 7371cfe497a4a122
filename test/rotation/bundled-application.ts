/** The application of the tests as one file: with the module that the guide shows, and its library. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '../..');
export const GUIDE = 'docs/guides/rotation-database.md';

/** The code block of the guide that starts with the name of this file. */
function moduleOfGuide(name: string): string {
  const page = readFileSync(path.join(ROOT, GUIDE), 'utf8');
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code = '']) => code);
  const found = blocks.find((code) => code.startsWith(`// ${name}\n`));
  if (found === undefined) throw new Error(`${GUIDE} shows no ${name}`);
  return found;
}

/** @returns the text of a program for Node.js */
export async function bundleApplication(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-application-'));
  try {
    const module = path.join(folder, 'database.mjs');
    writeFileSync(module, moduleOfGuide('database.mjs'));
    const { outputFiles } = await build({
      entryPoints: [path.join(import.meta.dirname, 'application.ts')],
      alias: { 'guide-database': module },
      nodePaths: [path.join(ROOT, 'node_modules')],
      // Optional parts of the library.
      external: ['pg-native', 'pg-cloudflare', 'cloudflare:sockets'],
      bundle: true,
      minify: true,
      platform: 'node',
      target: 'node22',
      format: 'esm',
      banner: {
        js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
      },
      write: false,
      logLevel: 'silent',
    });
    return outputFiles[0]?.text ?? '';
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
