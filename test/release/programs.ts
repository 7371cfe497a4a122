/** Programs that the tests of releases need, built from Go modules. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build, isBuilt } from '../cluster/toolchain/build.ts';

const PROGRAMS = {
  actionlint: { module: 'github.com/rhysd/actionlint', minutes: 1 },
  cosign: { module: 'github.com/sigstore/cosign/v2', minutes: 5 },
  registry: { module: 'github.com/distribution/distribution/v3', minutes: 2 },
};

/** @returns the path of the program, or an Error that says why it cannot be had */
export async function goProgram(name: keyof typeof PROGRAMS): Promise<string | Error> {
  const { module, minutes } = PROGRAMS[name];
  const folder = path.join(import.meta.dirname, 'modules', name);
  const file = readFileSync(path.join(folder, 'go.mod'), 'utf8');
  const version = file.split(`${module} `)[1]?.split(/\s/)[0] ?? '';
  const packages = [`${module}/cmd/${name}`];
  const modules = { name, folder, version, packages, buildFlags: ['-ldflags', '-s -w'], minutes };
  if (!isBuilt(modules) && spawnSync('go', ['version']).status !== 0)
    return new Error(`building ${name} needs Go, which is not installed`);
  return path.join(await build(modules), name);
}
