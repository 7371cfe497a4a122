/** Entry of the bundle: the program of the init container, and the command of the command line. */
import path from 'node:path';
import { connectForRun } from './connect-early.ts';
import { leave } from './process/leave.ts';
import type { LoadBundle } from './process/load-bundle.ts';
import { nextTurn } from './process/next-turn.ts';
import { readStart } from './start.ts';

/** The exit code of a bug. The report is missing as well. */
const FAILED = 70;

type Variables = Readonly<Record<string, string | undefined>>;

// The other bundles are assets of the same executable, or files in the same directory.
const load: LoadBundle = (name) => require(path.join(__dirname, `${name}.cjs`)) as ReturnType<LoadBundle>;

/** Runs the fetcher once. @returns the exit code */
export async function runFetch(argv: readonly string[], variables: Variables): Promise<number> {
  const start = readStart(argv, variables);
  if (start !== undefined) connectForRun(start);
  // Connections to addresses begin with the next tick.
  await new Promise((resolve) => process.nextTick(resolve));
  // Takes longer than everything above. Connections open and names are resolved meanwhile.
  process.getBuiltinModule('node:tls');
  await nextTurn();
  const { runFetch: run } = await import('./main.ts');
  return run(start, load);
}

/** Runs the fetcher and ends the process. */
export function runProgram(argv: readonly string[], variables: Variables): void {
  // Node would print an uncaught error with its message, which may quote a value.
  process.on('uncaughtException', () => {
    import('./main.ts').then(
      ({ endInternally }) => leave(endInternally(argv, variables)),
      // Otherwise, this failure would be an uncaught error as well, and so on.
      () => process.exit(FAILED),
    );
  });
  // Ends explicitly, because idle connections would keep the process alive.
  runFetch(argv, variables).then(leave);
}

if (require.main === module) runProgram(process.argv.slice(2), process.env);
