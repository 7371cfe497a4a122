/**
 * The program of the container `aws-secrets-check`: proves that this node's kubelet sets variables from the env file.
 * An older one does not know `fileKeyRef` and sets an empty variable without a word; the fetcher's file holds the
 * probe with a fixed value, so anything else means that the application would start without its secrets.
 */
import fs from 'node:fs';
import { PROBE_VALUE, PROBE_VARIABLE } from '../core/names/volume-layout.ts';
import { FETCH_CODES } from '../core/problems/fetch-codes.ts';
import { type FetchProblem, formatProblem } from '../core/problems/problems.ts';
import { quote } from '../core/problems/quote.ts';

/** Name of the node, for the message; the webhook has kubelet fill it in. */
const NODE_VARIABLE = 'NODE_NAME';
const TERMINATION_LOG = '/dev/termination-log';

function check(env: NodeJS.ProcessEnv, terminationLog: string): number {
  if (env[PROBE_VARIABLE] === PROBE_VALUE) return 0;
  const node = env[NODE_VARIABLE] ? ` of node ${quote(env[NODE_VARIABLE], 253)}` : '';
  const problem: FetchProblem = {
    code: 'KUBELET_TOO_OLD',
    subject: 'env-mode',
    wrong: `the kubelet${node} does not know fileKeyRef, so native variables would be empty`,
    expected: 'upgrade the node to Kubernetes 1.35 or newer, or set env-mode to shell or file',
  };
  const line = formatProblem(problem);
  fs.writeSync(2, `${line}\n`);
  try {
    // Only where kubelet made a file for it. The process ends here, and the descriptor with it.
    fs.writeSync(fs.openSync(terminationLog, fs.constants.O_WRONLY | fs.constants.O_TRUNC), line);
  } catch {
    // Outside a container there is none, and the log has said it.
  }
  return FETCH_CODES[problem.code].exit;
}

process.exitCode = check(process.env, process.argv[2] ?? TERMINATION_LOG);
