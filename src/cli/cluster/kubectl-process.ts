/** A kubectl that keeps running, such as a proxy. It ends with this program. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { printable } from '../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';

export interface KubectlProcess {
  /** What the program prints when it is ready. */
  readonly ready: RegExpExecArray;
  stop(): void;
}

/** Until it is ready. */
const START_MILLISECONDS = 10_000;
/** Of an output, in characters. */
const MOST_OUTPUT = 4000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts a command, and waits until it prints that it is ready. The problem is the last line of its errors.
 * @param clean removes what else the command uses, when it ends or does not start
 */
export async function startKubectl(
  command: readonly string[],
  ready: RegExp,
  clean: () => void = () => undefined,
): Promise<Result<KubectlProcess, string>> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => {
    process.off('exit', stop);
    for (const signal of SIGNALS) process.off(signal, end);
    child.kill();
    clean();
  };
  const end = (signal: NodeJS.Signals): void => {
    stop();
    process.kill(process.pid, signal);
  };
  process.on('exit', stop);
  for (const signal of SIGNALS) process.on(signal, end);
  const errors = follow(child.stderr);
  const started = await new Promise<Result<RegExpExecArray, string>>((resolve) => {
    const timer = setTimeout(() => resolve(failed(`${program} did not start in time`)), START_MILLISECONDS);
    const settle = (result: Result<RegExpExecArray, string>): void => {
      clearTimeout(timer);
      resolve(result);
    };
    child.on('error', ({ code }: NodeJS.ErrnoException) => settle(failed(whyNotRun(program, code))));
    // After its output, which says why.
    child.on('close', (code) => settle(failed(`${program} ended with exit code ${code}`)));
    // With an incomplete kubeconfig, kubectl asks for a user name instead.
    follow(child.stdout, (text) => {
      const found = ready.exec(text);
      if (found !== null) settle(ok(found));
    });
  });
  if (started.ok) return ok({ ready: started.value, stop });
  stop();
  const last = errors().trim().split('\n').at(-1) ?? '';
  return failed(last === '' ? started.problem : `${started.problem}: ${printable(last, 500)}`);
}

function whyNotRun(program: string, code: string | undefined): string {
  return code === 'ENOENT'
    ? `${program} was not found: install it, or set --kubectl`
    : `${program} cannot be run (${code ?? 'unknown error'})`;
}

/** @returns a function that returns the end of the output */
function follow(stream: Readable, see: (text: string) => void = () => undefined): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-MOST_OUTPUT);
    see(text);
  });
  return () => text;
}
