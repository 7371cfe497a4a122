/** The formats of env files, and of files that contain a JSON secret in another format. */
import { failed, ok } from '../problems/result.ts';
import { docker } from './docker.ts';
import { documentFaults, membersOf, treeFault } from './document.ts';
import { dotenv, dotenvRuby } from './dotenv.ts';
import {
  type LineDialect,
  type Variable,
  type VariableFault,
  type Written,
  writeLines,
} from './line-dialect.ts';
import { properties } from './properties.ts';
import { shell } from './shell.ts';
import { systemd } from './systemd.ts';
import { writeYaml } from './yaml.ts';

export { nativeFault } from './kubelet.ts';
export type { Variable, VariableFault, Written } from './line-dialect.ts';

export const DIALECTS = [
  'shell',
  'dotenv',
  'dotenv-ruby',
  'docker',
  'systemd',
  'properties',
  'json',
  'yaml',
] as const;
export type Dialect = (typeof DIALECTS)[number];

export function isDialect(text: unknown): text is Dialect {
  return (DIALECTS as readonly unknown[]).includes(text);
}

type TreeDialect = 'json' | 'yaml';
const LINES: Readonly<Record<Exclude<Dialect, TreeDialect>, LineDialect>> = {
  shell,
  dotenv,
  'dotenv-ruby': dotenvRuby,
  docker,
  systemd,
  properties,
};

/**
 * Writes an env file.
 * @param variables each name once
 * @returns the text, or all variables that the format cannot represent
 */
export function writeVariables(dialect: Dialect, variables: readonly Variable[]): Written {
  return isTree(dialect)
    ? writeTree(dialect, Object.fromEntries(variables.map(({ name, value }) => [name, value])))
    : writeLines(LINES[dialect], variables);
}

/**
 * Writes a JSON secret as a file. `json` and `yaml` keep types and nesting; the other formats write the top-level members
 * as variables: text unchanged, objects and arrays as compact JSON. Numbers keep their digits.
 * @param document the result of JSON.parse, with numbers as JSON.rawJSON to keep their digits
 * @returns the text, or all top-level members that the format cannot represent; a fault without a name is about the whole
 * document
 */
export function writeDocument(dialect: Dialect, document: unknown): Written {
  if (isTree(dialect)) return writeTree(dialect, document);
  const members = membersOf(document);
  if (members === undefined) return failed([{ name: '', fault: 'is not a JSON object' }]);
  const variables: Variable[] = [];
  const faults: VariableFault[] = [];
  for (const [name, member] of members) {
    const fault = member === null ? 'is null' : treeFault(member, 1);
    if (fault !== undefined) faults.push({ name, fault });
    else variables.push({ name, value: typeof member === 'string' ? member : JSON.stringify(member) });
  }
  const written = writeLines(LINES[dialect], variables);
  if (faults.length === 0) return written;
  return failed([...faults, ...(written.ok ? [] : written.problem)]);
}

function isTree(dialect: Dialect): dialect is TreeDialect {
  return dialect === 'json' || dialect === 'yaml';
}

function writeTree(dialect: TreeDialect, document: unknown): Written {
  const faults = documentFaults(document);
  if (faults.length > 0) return failed(faults);
  return ok(dialect === 'json' ? `${JSON.stringify(document, null, 2)}\n` : writeYaml(document));
}
