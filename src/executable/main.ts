/**
 * The entry of the single executable, which is all programs of the image: it contains Node.js and the bundles. Node.js takes
 * options only from the executable itself and from the flag `--node-options`, never from the environment, and SIGUSR1 does
 * not start the debugger.
 */
import path from 'node:path';
import { getRawAsset } from 'node:sea';
import { FETCH_CODES } from '../core/problems/fetch-codes.ts';
import { formatProblems } from '../core/problems/problems.ts';
import { EXIT } from '../runtime/exit-command.ts';
import { readRoot } from '../runtime/root.ts';
import { TERMINATION_LOG, writeTerminationMessage } from '../runtime/termination-message.ts';
import { Bundles } from './bundles.ts';
import { withNodesAuthorities } from './certificate-authorities.ts';
import { clearedEnvironment, steeringProblems } from './environment.ts';

/** A program of the injected containers. It ends the process itself. */
type Program = (argv: readonly string[], variables: NodeJS.ProcessEnv) => void;

/** The programs of the injected containers, which are bundles of the same name. */
const PROGRAMS: ReadonlySet<string> = new Set([
  'fetch',
  'check',
  'refresh',
  'refresh-look',
  'refresh-status',
]);

function main([name, ...argv]: readonly string[]): void {
  if (name === EXIT) process.exit(Number(argv[0]));
  const isInjected = name !== undefined && PROGRAMS.has(name);
  const bundles = new Bundles(
    {
      source: (bundle) => asset(`${bundle}.cjs`),
      cache: (bundle) => asset(`${bundle}.cache`),
    },
    // The injected programs choose their own.
    isInjected ? require : withNodesAuthorities(require, process.env),
  );
  if (!isInjected) {
    bundles.load('cli');
    return;
  }
  secureEnvironment(argv);
  const program = bundles.load(name)['runProgram'] as Program;
  program(argv, process.env);
}

/** Rejects variables that steer the runtime, or starts again without them. */
function secureEnvironment(argv: readonly string[]): void {
  // Node.js has removed the variable after opening the channel.
  const channel = process.channel === undefined ? {} : { NODE_CHANNEL_FD: 'open' };
  const problems = steeringProblems({ ...process.env, ...channel });
  if (problems.length > 0) {
    const text = formatProblems(problems);
    process.stderr.write(`${text}\n`);
    writeTerminationMessage(text, path.join(readRoot(argv) ?? '/', TERMINATION_LOG));
    process.exit(FETCH_CODES.ENVIRONMENT_STEERED.exit);
  }
  const variables = clearedEnvironment(process.env);
  if (variables === undefined) return;
  if (process.execve === undefined) throw new Error('this Node.js cannot start again in place');
  process.execve(process.execPath, process.argv.slice(1), { ...variables });
}

function asset(name: string): Buffer | undefined {
  try {
    return Buffer.from(getRawAsset(name) as ArrayBuffer);
  } catch {
    return undefined;
  }
}

main(process.argv.slice(2));
