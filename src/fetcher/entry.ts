/** Entry of the bundle: the program of the init container, and the command of the command line. */
import path from 'node:path';
import { endInternally, runFetch as run } from './main.ts';
import { leave } from './process/leave.ts';
import type { LoadBundle } from './process/load-bundle.ts';

type Variables = Readonly<Record<string, string | undefined>>;

// The other bundles are assets of the same executable, or files in the same directory.
const load: LoadBundle = (name) => require(path.join(__dirname, `${name}.cjs`)) as ReturnType<LoadBundle>;

/** Runs the fetcher once. @returns the exit code */
export function runFetch(argv: readonly string[], variables: Variables): Promise<number> {
  return run(argv, variables, load);
}

/** Runs the fetcher and ends the process. */
export function runProgram(argv: readonly string[], variables: Variables): void {
  // Node would print an uncaught error with its message, which may quote a value.
  process.on('uncaughtException', () => leave(endInternally(argv, variables)));
  // Ends explicitly, because idle connections would keep the process alive.
  runFetch(argv, variables).then(leave);
}

if (require.main === module) runProgram(process.argv.slice(2), process.env);
