/** Finds the manifests of a folder, as `kubectl apply --recursive -f` does. */
import { readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

const MANIFEST = /\.(?:ya?ml|json)$/;
/** Folders whose files are the source of manifests, by the file that marks them, and what makes manifests of them. */
const GENERATORS: readonly (readonly [RegExp, string])[] = [
  [/^kustomization\.ya?ml$|^Kustomization$/, 'kustomize build'],
  [/^Chart\.yaml$/, 'helm template'],
];

export interface FoundFiles {
  /** Paths of files, and `-`. */
  readonly files: readonly string[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  /** Folders with the templates of charts that were left out. */
  readonly skipped: readonly string[];
}

export interface FileSearch {
  /** Leaves out the templates of charts, which are not YAML before Helm has rendered them. */
  readonly skipsTemplates?: boolean;
}

/**
 * Replaces folders by the manifests below them, in order of their names. A folder that links lead to a second time is
 * read once. Paths that do not exist stay, so that reading them says why.
 */
export function findFiles(names: readonly string[], { skipsTemplates = false }: FileSearch = {}): FoundFiles {
  const found: Found = { files: [], problems: [], warnings: [], skipped: [], skipsTemplates };
  for (const name of names) {
    if (name === '-' || !isFolder(name)) found.files.push(name);
    else {
      const before = found.files.length + found.problems.length;
      walk(name, new Set(), found);
      const isEmpty = found.files.length + found.problems.length === before && found.skipped.length === 0;
      if (isEmpty) found.problems.push(`${name}: contains no file with the ending .yaml, .yml or .json`);
    }
  }
  return found;
}

interface Found {
  readonly files: string[];
  readonly problems: string[];
  readonly warnings: string[];
  readonly skipped: string[];
  readonly skipsTemplates: boolean;
}

function walk(folder: string, visited: Set<string>, found: Found): void {
  let entries: readonly string[];
  try {
    const real = realpathSync(folder);
    if (visited.has(real)) return;
    visited.add(real);
    entries = readdirSync(folder).sort();
  } catch (error) {
    found.problems.push(
      `${folder}: cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
    );
    return;
  }
  const generator = GENERATORS.find(([marker]) => entries.some((entry) => marker.test(entry)));
  if (generator !== undefined) {
    found.warnings.push(
      `${folder}: its files are read as they are: if "${generator[1]} ${folder}" changes them, pass its output on standard input instead`,
    );
  }
  for (const entry of entries) {
    const at = path.join(folder, entry);
    const isTemplates = entry === 'templates' && entries.includes('Chart.yaml') && isFolder(at);
    if (isTemplates && found.skipsTemplates) found.skipped.push(at);
    else if (isFolder(at)) walk(at, visited, found);
    else if (MANIFEST.test(entry)) found.files.push(at);
  }
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}
