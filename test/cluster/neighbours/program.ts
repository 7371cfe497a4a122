/** Builds and starts the programs that act as other admission webhooks. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build, isBuilt } from '../toolchain/build.ts';
import type { ModuleSet } from '../toolchain/versions.ts';

/**
 * The Kubernetes library of a program. `old` (k8s.io/api 0.27) drops newer fields, such as `restartPolicy` of a sidecar
 * and `fileKeyRef`; `current` (0.35) supports both.
 */
export type Program = (typeof PROGRAMS)[number];
const PROGRAMS = ['old', 'current'] as const;

export interface ProgramOptions {
  /** The address without a port. */
  readonly address: string;
  /** Files in PEM. */
  readonly cert: string;
  readonly key: string;
  readonly log: string;
  /** Further flags, such as `--image=…`. */
  readonly flags: readonly string[];
}

export interface RunningProgram {
  /** Such as `https://10.50.0.1:40000`. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const SOURCE = path.join(import.meta.dirname, 'webhook');
const PACKAGE = 'aws-secrets-injector/test/cluster/neighbours/webhook';

/** Why the programs cannot be built here, as a reason to skip tests; undefined if they exist or can be built. */
export function neighboursUnavailable(): string | undefined {
  const built = PROGRAMS.every((program) => isBuilt(neighbourModules(program)));
  if (built || spawnSync('go', ['version']).status === 0) return undefined;
  return 'building the other webhooks needs Go, which is not installed';
}

function neighbourModules(program: Program): ModuleSet {
  const source = createHash('sha256');
  for (const file of globSync('*.go', { cwd: SOURCE }).sort())
    source.update(readFileSync(path.join(SOURCE, file)));
  return {
    name: `neighbour-${program}`,
    folder: path.join(import.meta.dirname, program),
    // The source has no module version, so its hash decides whether it must be rebuilt.
    version: source.digest('hex').slice(0, 12),
    packages: [PACKAGE],
    buildFlags: ['-ldflags', '-s -w'],
    minutes: 1,
  };
}

/**
 * Builds the program if it is missing (progress on stderr), and starts it on a free port. It ends with `stop` or with
 * this process.
 * @throws Error with the log of the program if it does not listen
 */
export async function startProgram(program: Program, options: ProgramOptions): Promise<RunningProgram> {
  const folder = await build(neighbourModules(program));
  const files = [`--cert=${options.cert}`, `--key=${options.key}`];
  const args = [...files, `--listen=${options.address}:0`, ...options.flags];
  // The program ends when its standard input closes, which also happens when this process dies.
  const child = spawn(path.join(folder, 'webhook'), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  child.stderr.on('data', (data: Buffer) => appendFileSync(options.log, data));
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = new Promise<string>((resolve) => child.once('error', (error) => resolve(error.message)));
  const lines = createInterface(child.stdout);
  const listening = new Promise<string>((resolve) => lines.once('line', resolve));
  const problem = await Promise.race([
    listening.then(() => undefined),
    failed,
    closed.then(() => (existsSync(options.log) ? readFileSync(options.log, 'utf8') : 'its log is empty')),
  ]);
  if (problem !== undefined)
    throw new Error(`the other webhook (library: ${program}) does not listen: ${problem}`);
  return {
    url: `https://${await listening}`,
    stop: async () => {
      child.stdin.end();
      await closed;
    },
  };
}
