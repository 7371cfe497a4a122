/** Readers in JavaScript: Node's own, and packages. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseEnv, promisify } from 'node:util';
import dotenv from 'dotenv';
import { parse as parseYaml } from 'yaml';
import { type EnvFile, fromFile, type Reader, type Way } from './reader.ts';

/** `node --env-file`, as an application is started: a process for each file. */
const nodeEnvFile: Reader = {
  name: 'node --env-file',
  reads: 'dotenv',
  prepare: async () => undefined,
  read: (files) => Promise.all(files.map(variablesOfNode)),
};

async function variablesOfNode(file: EnvFile): Promise<unknown> {
  const args = [`--env-file=${file.path}`, '-p', 'JSON.stringify(process.env)'];
  const options = { env: { PATH: process.env['PATH'] }, maxBuffer: 1 << 28 };
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return fromFile(Object.entries(JSON.parse(stdout) as Record<string, string>));
}

function inProcess(name: string, reads: Way, parse: (text: string) => unknown): Reader {
  return {
    name,
    reads,
    prepare: async () => undefined,
    read: async (files) =>
      files.map((file) => {
        const text = readFileSync(file.path, 'utf8');
        try {
          return parse(text);
        } catch {
          return null;
        }
      }),
  };
}

export const NODE_READERS: readonly Reader[] = [
  nodeEnvFile,
  inProcess('node util.parseEnv', 'dotenv', (text) => ({ ...parseEnv(text) })),
  inProcess('npm dotenv', 'dotenv', (text) => dotenv.parse(text)),
  inProcess('npm dotenv, fast', 'dotenv', (text) => dotenv.parse(text, { fast: true })),
  inProcess('JSON.parse', 'json', (text) => JSON.parse(text)),
  inProcess('npm yaml 1.2', 'yaml', (text) => parseYaml(text)),
  inProcess('npm yaml 1.1', 'yaml', (text) => parseYaml(text, { version: '1.1' })),
];
