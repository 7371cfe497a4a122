/**
 * Certificates from files, reloaded while the server runs. The directories are watched, because kubelet replaces a mounted
 * Secret by renaming a symbolic link in it, and the files themselves never change. A watch can miss changes (a replaced
 * directory, a file system without events), so the files are also read at intervals.
 */
import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { type CertificatePair, isValidAt, readCertificatePair } from './pair.ts';
import type { CertificateListener, CertificateSource } from './source.ts';

export interface CertificateFilesOptions {
  readonly certFile: string;
  readonly keyFile: string;
  /** How often the files are read without a change. */
  readonly checkMilliseconds?: number;
}

/** Files are written in several steps. Reading waits until nothing changed for this time. */
const SETTLE_MILLISECONDS = 50;
const FIRST_RETRY_MILLISECONDS = 500;
const DEFAULT_CHECK_MILLISECONDS = 30_000;

export class CertificateFiles implements CertificateSource {
  readonly #options: CertificateFilesOptions;
  readonly #listener: CertificateListener;
  readonly #checkMilliseconds: number;
  #current: CertificatePair | undefined;
  #problem: string | undefined;
  #retryMilliseconds = FIRST_RETRY_MILLISECONDS;
  #watchers: FSWatcher[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #isStopped = false;

  constructor(options: CertificateFilesOptions, listener: CertificateListener) {
    this.#options = options;
    this.#listener = listener;
    this.#checkMilliseconds = options.checkMilliseconds ?? DEFAULT_CHECK_MILLISECONDS;
  }

  get current(): CertificatePair | undefined {
    return this.#current;
  }

  /** Whether the pair is valid is all that is known: the API server may trust its CA or not. */
  get problem(): string | undefined {
    return this.#current === undefined ? `no certificate: ${this.#problem ?? 'not read yet'}` : undefined;
  }

  now(): number {
    return Date.now();
  }

  async start(): Promise<void> {
    await this.#check();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  /** Reads the files and schedules the next time. Attempts never overlap. */
  async #check(): Promise<void> {
    clearTimeout(this.#timer);
    // Watching starts before reading, so that no change is missed.
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
    const { certFile, keyFile } = this.#options;
    const read = await readCertificatePair(certFile, keyFile);
    if (!read.ok) return this.#report(read.problem);
    const pair = read.value;
    if (this.#isWorse(pair)) return this.#report(`${certFile} is expired or not valid yet`);
    this.#problem = undefined;
    if (pair.cert === this.#current?.cert && pair.key === this.#current.key) return;
    this.#listener.use(pair);
    this.#current = pair;
  }

  /** Whether an invalid pair would replace a valid one. Without a valid pair it is used, and readiness reports it. */
  #isWorse(pair: CertificatePair): boolean {
    const now = Date.now();
    return this.#current !== undefined && isValidAt(this.#current, now) && !isValidAt(pair, now);
  }

  #report(problem: string): void {
    if (problem !== this.#problem) this.#listener.report(problem);
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
        // The directory does not exist yet. Reading reports this, and the next attempt watches again.
      }
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}
