/** Runs a look as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { commandOf } from '../process/programs.ts';
import type { LookRequest, Report } from './messages.ts';

const MOST_REPORT_BYTES = 2 * 1024 * 1024;
/** Beyond the time limit of the look: starting the process, writing, and actions. */
const MARGIN = 30_000;

export class LookProcesses {
  readonly #root: string;
  readonly #milliseconds: number;
  #child: ChildProcess | undefined;

  constructor(root: string, lookSeconds: number) {
    this.#root = root;
    this.#milliseconds = lookSeconds * 1000 + MARGIN;
  }

  /** Ends the process that runs. Wherever it is, the files are complete and no action is lost. */
  kill(): void {
    this.#child?.kill('SIGKILL');
  }

  /** @returns undefined if the process has ended without a report. Its reasons are not known */
  run(request: LookRequest): Promise<Report | undefined> {
    const [file, ...args] = commandOf('refresh-look');
    return new Promise((resolve) => {
      const child = spawn(file, [...args, '--root', this.#root], { stdio: ['pipe', 'pipe', 'inherit'] });
      this.#child = child;
      const timer = setTimeout(() => child.kill('SIGKILL'), this.#milliseconds);
      const chunks: Buffer[] = [];
      let bytes = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MOST_REPORT_BYTES) child.kill('SIGKILL');
      });
      child.stdin.on('error', () => undefined).end(JSON.stringify(request));
      const end = (report: Report | undefined): void => {
        clearTimeout(timer);
        this.#child = undefined;
        resolve(report);
      };
      child.on('error', () => end(undefined));
      child.on('close', (code) => end(code === 0 ? parsed(Buffer.concat(chunks).toString()) : undefined));
    });
  }
}

function parsed(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}
