/**
 * The program of the container `aws-secrets-check`: checks that the node's kubelet supports native variables. An older
 * kubelet does not know `fileKeyRef` and silently sets an empty variable. The fetcher wrote the probe variable with a fixed
 * value, so with any other value the application would start without its secrets.
 */
import fs from 'node:fs';
import path from 'node:path';
import { PROBE_VALUE, PROBE_VARIABLE } from '../core/names/volume-layout.ts';
import { FETCH_CODES } from '../core/problems/fetch-codes.ts';
import { type FetchProblem, formatProblem } from '../core/problems/problems.ts';
import { quote } from '../core/problems/quote.ts';
import { readRoot } from '../runtime/root.ts';
import { TERMINATION_LOG, writeTerminationMessage } from '../runtime/termination-message.ts';

/** The name of the node, for the message. */
const NODE_VARIABLE = 'NODE_NAME';

type Variables = Readonly<Record<string, string | undefined>>;

function check(env: Variables, terminationLog: string): number {
  if (env[PROBE_VARIABLE] === PROBE_VALUE) return 0;
  const node = env[NODE_VARIABLE] ? ` of node ${quote(env[NODE_VARIABLE], 253)}` : '';
  const problem: FetchProblem = {
    code: 'KUBELET_TOO_OLD',
    subject: 'env-mode',
    wrong: `the kubelet${node} does not support fileKeyRef, so native variables would be empty`,
    expected: 'upgrade the node to Kubernetes 1.35 or later, or set env-mode to shell or file',
  };
  const line = formatProblem(problem);
  fs.writeSync(2, `${line}\n`);
  writeTerminationMessage(line, terminationLog);
  return FETCH_CODES[problem.code].exit;
}

/** Runs the check and ends the process. @param argv `--root DIRECTORY`, to run outside a container */
export function runProgram(argv: readonly string[], variables: Variables): void {
  process.exitCode = check(variables, path.join(readRoot(argv) ?? '/', TERMINATION_LOG));
}

if (require.main === module) runProgram(process.argv.slice(2), process.env);
