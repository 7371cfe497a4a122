/**
 * Certificate files, followed for as long as the server runs. What is watched are the directories: kubelet replaces
 * a whole mounted Secret by renaming one symbolic link in it, and the files themselves never change. A watch can
 * miss (the directory itself replaced, a file system without events), so files are also read every so often.
 */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { type CertificatePair, CertificateProblem, isValidAt, readCertificatePair } from './pair.ts';

export interface CertificateFilesOptions {
  readonly certFile: string;
  readonly keyFile: string;
  /** Takes a pair into use. Called for each new one. */
  readonly use: (pair: CertificatePair) => void;
  /** Told when the files hold nothing usable; the pair in use stays. Called once for each different problem. */
  readonly complain: (problem: string) => void;
  readonly checkMilliseconds?: number;
}

/** Files are written in several steps; reading waits until they have been left alone for so long. */
const SETTLE_MILLISECONDS = 50;
const FIRST_RETRY_MILLISECONDS = 500;
const DEFAULT_CHECK_MILLISECONDS = 30_000;

export class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #checkMilliseconds: number;
  #current: CertificatePair | undefined;
  #problem: string | undefined;
  #retryMilliseconds = FIRST_RETRY_MILLISECONDS;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
    this.#checkMilliseconds = options.checkMilliseconds ?? DEFAULT_CHECK_MILLISECONDS;
  }

  /** The pair in use. */
  get current(): CertificatePair | undefined {
    return this.#current;
  }

  /** Reads the files once, then follows them. Resolves after the first attempt, whatever came of it. */
  async start(): Promise<void> {
    await this.#check();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  /** Reads and, in the end, arranges for the next time. Attempts never overlap. */
  async #check(): Promise<void> {
    clearTimeout(this.#timer);
    // Watching starts before reading, so that no change falls in between.
    this.#watch();
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
    if (!this.#isStopped) this.#checkIn(this.#delay());
  }

  #checkIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#check(), milliseconds).unref();
  }

  #delay(): number {
    if (this.#problem === undefined) {
      this.#retryMilliseconds = FIRST_RETRY_MILLISECONDS;
      return this.#checkMilliseconds;
    }
    const delay = Math.min(this.#retryMilliseconds, this.#checkMilliseconds);
    this.#retryMilliseconds *= 2;
    return delay;
  }

  async #read(): Promise<void> {
    const { certFile, keyFile, use } = this.#options;
    try {
      const pair = await readCertificatePair(certFile, keyFile);
      this.#refuseWorse(pair);
      this.#problem = undefined;
      if (pair.cert === this.#current?.cert && pair.key === this.#current.key) return;
      use(pair);
      this.#current = pair;
    } catch (error) {
      this.#complain(error instanceof CertificateProblem ? error.message : 'the certificate cannot be used');
    }
  }

  /** A pair outside its validity replaces none that is valid; with nothing better it is used, and readiness says so. */
  #refuseWorse(pair: CertificatePair): void {
    const now = Date.now();
    const isWorse = this.#current !== undefined && isValidAt(this.#current, now) && !isValidAt(pair, now);
    if (isWorse) throw new CertificateProblem(`${this.#options.certFile} is expired or not valid yet`);
  }

  #complain(problem: string): void {
    if (problem !== this.#problem) this.#options.complain(problem);
    this.#problem = problem;
  }

  #watch(): void {
    this.#unwatch();
    const { certFile, keyFile } = this.#options;
    for (const directory of new Set([path.dirname(certFile), path.dirname(keyFile)])) {
      try {
        const watcher = watch(directory, { persistent: false }, () => {
          this.#retryMilliseconds = FIRST_RETRY_MILLISECONDS;
          this.#checkIn(SETTLE_MILLISECONDS);
        });
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // The directory is not there yet: reading will say so, and watching is tried again with the next attempt.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}
