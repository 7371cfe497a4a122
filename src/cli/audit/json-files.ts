/** Reads files with JSON, such as the output of the AWS CLI. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { readSource, sourceName } from '../manifests/sources.ts';

export interface JsonFile {
  /** Without folders. */
  readonly name: string;
  readonly json: unknown;
}

const MOST_FILES = 10_000;

/** Reads files, and the files of folders whose names end in `.json`. @returns all of them, or the problems */
export function readJsonFiles(names: readonly string[]): Result<readonly JsonFile[], readonly string[]> {
  const files: JsonFile[] = [];
  const problems: string[] = [];
  for (const name of names.flatMap(filesAt)) {
    const text = readSource(name);
    const json = text.ok ? parse(text.value) : text;
    if (json.ok) files.push({ name: path.basename(name), json: json.value });
    else problems.push(`${sourceName(name)}: ${json.problem}`);
  }
  return problems.length > 0 ? failed(problems) : ok(files);
}

function filesAt(name: string): readonly string[] {
  if (name === '-' || statSync(name, { throwIfNoEntry: false })?.isDirectory() !== true) return [name];
  return readdirSync(name, { recursive: true, encoding: 'utf8' })
    .filter((entry) => entry.endsWith('.json'))
    .sort()
    .slice(0, MOST_FILES)
    .map((entry) => path.join(name, entry));
}

/** The parser's message would quote the text. */
function parse(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text));
  } catch {
    return failed('is not valid JSON');
  }
}
