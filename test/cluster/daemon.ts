/** Long-running programs of a cluster, each with a log file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { MARK } from './processes.ts';
import type { Run } from './run.ts';
import { HopelessError, until } from './until.ts';

const TAIL = 4000;

export class Daemons {
  readonly signal: AbortSignal;
  readonly #run: Run;
  readonly #running = new Map<string, ChildProcess>();

  /** @param signal aborts when the cluster stops: after that, no program is started or waited for */
  constructor(run: Run, signal: AbortSignal) {
    this.#run = run;
    this.signal = signal;
  }

  start(name: string, program: string, args: readonly string[], folders: readonly string[] = []): void {
    this.signal.throwIfAborted();
    const log = openSync(this.#log(name), 'a');
    const child = spawn(program, args, {
      cwd: this.#run.directory,
      env: this.#environment(folders),
      stdio: ['ignore', log, log],
    });
    // `ready` reports a program that cannot be started.
    child.on('error', () => {});
    closeSync(log);
    this.#running.set(name, child);
  }

  /** Stops a program and waits until it has ended. */
  async stop(name: string): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined || !this.isRunning(name)) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }

  /** Ends a program at once. Waits until it has ended. */
  async kill(name: string): Promise<void> {
    const child = this.#running.get(name);
    if (child === undefined || !this.isRunning(name)) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  isRunning(name: string): boolean {
    const child = this.#running.get(name);
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Waits until the program answers. @throws Error with the end of its log */
  async ready(name: string, seconds: number, probe: () => Promise<boolean> | boolean): Promise<void> {
    const details = (): string => this.#tail(name);
    await until(`${name} to become ready`, { seconds, details, signal: this.signal }, async () => {
      const child = this.#running.get(name);
      if (!this.isRunning(name))
        throw new HopelessError(
          `${name} ended with ${child?.exitCode ?? child?.signalCode ?? 'no start'}\n${details()}`,
        );
      return (await probe()) ? true : undefined;
    });
  }

  #environment(folders: readonly string[]): NodeJS.ProcessEnv {
    const { PATH = '', HTTP_PROXY, HTTPS_PROXY, http_proxy, https_proxy, ...rest } = process.env;
    return {
      ...rest,
      // iptables and ip are in the sbin folders, which may be missing from the PATH of a user.
      PATH: [...folders, PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].join(':'),
      // Keeps the caches of kubelet and kubectl in the folder of the run.
      HOME: this.#run.directory,
      [MARK]: this.#run.directory,
    };
  }

  #log(name: string): string {
    return path.join(this.#run.directory, 'logs', `${name}.log`);
  }

  #tail(name: string): string {
    const text = readFileSync(this.#log(name), 'utf8');
    return `the end of ${name}'s log:\n${text.slice(-TAIL)}`;
  }
}
