/**
 * Readers in Go: Docker's command line, Compose, go-yaml, encoding/json, and kubelet's own for `fileKeyRef`.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, isBuilt } from '../cluster/toolchain/build.ts';
import type { ModuleSet } from '../cluster/toolchain/versions.ts';
import { ask, pathsOf, type Reader, type Way } from './reader.ts';

function modulesIn(name: string): ModuleSet {
  const folder = path.join(import.meta.dirname, name);
  const source = createHash('sha256').update(readFileSync(path.join(folder, 'main.go')));
  return {
    name: `readers-${name}`,
    folder,
    // The source is no module with a version, and must be built anew when it changes.
    version: source.digest('hex').slice(0, 12),
    packages: ['.'],
    buildFlags: [],
    minutes: 1,
  };
}
const GO = modulesIn('go');
const KUBELET = modulesIn('kubelet');

/** Builds the program. @returns why that is not possible */
async function prepare(modules: ModuleSet): Promise<string | undefined> {
  if (!isBuilt(modules) && spawnSync('go', ['version']).status !== 0)
    return 'building it needs Go, which is not installed';
  return build(modules).then(
    () => undefined,
    (error: unknown) => `it could not be built: ${String(error)}`,
  );
}

// A build names its program after the module's folder.
async function programOf(modules: ModuleSet): Promise<string> {
  return path.join(await build(modules), path.basename(modules.folder));
}

function goReader(name: string, reads: Way, reader: string): Reader {
  return {
    name,
    reads,
    prepare: () => prepare(GO),
    read: async (files) => ask(await programOf(GO), [reader], pathsOf(files)),
  };
}

const kubelet: Reader = {
  name: 'kubelet 1.35',
  reads: 'native',
  prepare: () => prepare(KUBELET),
  read: async (files) => {
    const input = files.map((file) => ({ file: file.path, names: file.names }));
    return ask(await programOf(KUBELET), [], input);
  },
};

export const GO_READERS: readonly Reader[] = [
  goReader('docker --env-file', 'docker', 'docker'),
  goReader('Compose env_file', 'dotenv', 'compose'),
  goReader('Go encoding/json', 'json', 'json'),
  goReader('go-yaml 2', 'yaml', 'yaml2'),
  goReader('go-yaml 3', 'yaml', 'yaml3'),
  kubelet,
];
