/** Entry of the bundle: the program of the init container, and the command of the command line. */
import path from 'node:path';
import { readRoot } from '../runtime/root.ts';
import { connectForRun } from './connect-early.ts';
import { readEnvironment } from './process/environment.ts';
import { leave } from './process/leave.ts';
import type { LoadBundle } from './process/load-bundle.ts';

type Variables = Readonly<Record<string, string | undefined>>;

// The other bundles are assets of the same executable, or files in the same directory.
const load: LoadBundle = (name) => require(path.join(__dirname, `${name}.cjs`)) as ReturnType<LoadBundle>;

/** Runs the fetcher once. @returns the exit code */
export async function runFetch(argv: readonly string[], variables: Variables): Promise<number> {
  const root = readRoot(argv);
  if (root !== undefined) connectForRun(readEnvironment(variables, root));
  // Takes longer than everything above. Names are resolved meanwhile, and connections start with the next turn.
  await import('node:https');
  await new Promise((resolve) => setImmediate(resolve));
  const { runFetch: run } = await import('./main.ts');
  return run(argv, variables, load);
}

/** Runs the fetcher and ends the process. */
export function runProgram(argv: readonly string[], variables: Variables): void {
  // Node would print an uncaught error with its message, which may quote a value.
  process.on('uncaughtException', () => {
    void import('./main.ts').then(({ endInternally }) => leave(endInternally(argv, variables)));
  });
  // Ends explicitly, because idle connections would keep the process alive.
  runFetch(argv, variables).then(leave);
}

if (require.main === module) runProgram(process.argv.slice(2), process.env);
