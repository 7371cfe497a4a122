/**
 * The program of one look, or of one attempt of actions that are due. It reads a request from its standard input and writes
 * a report to its standard output, then ends, so that the values are not kept in memory.
 */
import fs from 'node:fs';
import path from 'node:path';
import { readRoot } from '../../runtime/root.ts';
import { readEnvironment } from '../process/environment.ts';
import { leave } from '../process/leave.ts';
import type { LoadBundle } from '../process/load-bundle.ts';
import { answer } from './answer.ts';
import type { LookRequest } from './messages.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const load: LoadBundle = (name) => require(path.join(__dirname, `${name}.cjs`)) as ReturnType<LoadBundle>;

/** The exit code of a bug. The report is missing as well. */
const FAILED = 70;

/** Runs the program and ends the process. @param argv `--root DIRECTORY`, to run outside a container */
export function runProgram(argv: readonly string[], variables: Variables): void {
  // Node would print an uncaught error with its message, which may quote a value.
  process.on('uncaughtException', () => leave(FAILED));
  const request = JSON.parse(fs.readFileSync(0, 'utf8')) as LookRequest;
  answer(request, readEnvironment(variables, readRoot(argv) ?? '/'), load).then((report) => {
    fs.writeSync(1, JSON.stringify(report));
    leave(0);
  });
}

if (require.main === module) runProgram(process.argv.slice(2), process.env);
