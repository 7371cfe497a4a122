/** Import walls: which folder of src may import from which, and which packages. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

interface Wall {
  readonly folders: readonly string[];
  readonly packages: readonly string[];
  readonly builtins: boolean;
}

/** What each folder may import besides itself. The programs never import each other. */
const WALLS: Readonly<Record<string, Wall>> = {
  core: {
    folders: [],
    packages: ['@jmespath-community/jmespath', 'js-yaml', 'mustache', 'zod/mini'],
    builtins: false,
  },
  runtime: { folders: ['core'], packages: ['pino'], builtins: true },
  webhook: {
    folders: ['core', 'kubernetes', 'runtime'],
    packages: ['fastify', 'pino', 'prom-client', 'fast-json-patch'],
    builtins: true,
  },
  fetcher: { folders: ['core', 'runtime'], packages: ['@aws-sdk/client-secrets-manager'], builtins: true },
  kubernetes: { folders: ['core', 'runtime'], packages: [], builtins: true },
  'kubelet-check': { folders: ['core'], packages: [], builtins: true },
  cli: { folders: ['core', 'runtime'], packages: ['yaml', 'selfsigned', 'fast-json-patch'], builtins: true },
};

const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|(?:import|require)\(\s*'([^']+)'\s*\)/g;

/** @returns one line for each import that crosses a wall */
export function checkImports(root: string): readonly string[] {
  const wrong: string[] = [];
  for (const file of globSync('src/**/*.ts', { cwd: root })) {
    const folder = file.split(path.sep)[1] ?? '';
    const wall = WALLS[folder];
    if (wall === undefined) {
      wrong.push(`${file}: folder src/${folder} has no wall in scripts/check-imports.ts`);
      continue;
    }
    for (const match of readFileSync(path.join(root, file), 'utf8').matchAll(IMPORT)) {
      const target = match[1] ?? match[2] ?? '';
      if (!isAllowed(target, file, folder, wall)) wrong.push(`${file} must not import ${target}`);
    }
  }
  return wrong;
}

function isAllowed(target: string, file: string, folder: string, wall: Wall): boolean {
  if (target.startsWith('node:')) return wall.builtins;
  if (!target.startsWith('.')) return wall.packages.includes(target);
  // Bundles load each other at run time, by the name they have in dist.
  if (target.endsWith('.cjs')) return true;
  const to = path.normalize(path.join(path.dirname(file), target)).split(path.sep);
  if (to[0] !== 'src') return to.join('/') === 'package.json';
  return to[1] === folder || wall.folders.includes(to[1] ?? '');
}
