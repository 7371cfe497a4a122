/**
 * Keeps the objects of a list up to date: reads it in pages, then watches it from there, with bookmarks. After an interruption the
 * watch resumes where it ended; if the API server no longer knows that point, the list is read again.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { asArray, field, integerField, textField } from '../core/json.ts';
import { type ClusterApi, type ClusterPlace, readTarget } from './api-client.ts';
import { pagesOf } from './lists.ts';
import { watchStream } from './watch-stream.ts';

export interface ListWatchParts<T> {
  readonly place: ClusterPlace;
  readonly api: ClusterApi;
  /** Without a query, such as /apis/apps/v1/deployments. */
  readonly path: string;
  /** Reduces an object to what is kept of it. @returns undefined to keep nothing */
  read(object: unknown): T | undefined;
  /** Called after changes. */
  changed(): void;
  /** Called when the list or the watch fails, and not again before it works. */
  failed(problem: string): void;
  /** Whether the list counts as empty while it does not exist, or may not be read. */
  readonly isOptional: boolean;
  readonly signal: AbortSignal;
}

interface Kept<T> {
  readonly value: T | undefined;
  readonly resourceVersion: string;
}

const WATCH_SECONDS = 300;
const FIRST_PAUSE_MILLISECONDS = 1_000;
const LONGEST_PAUSE_MILLISECONDS = 30_000;
/** Before another look for a list that does not exist, or that may not be read. */
const ABSENT_PAUSE_MILLISECONDS = 120_000;
const MIB = 1024 * 1024;
/** An object has at most 1.5 MiB in etcd. */
const PAGES = { accept: 'application/json', limit: 100, mostPages: 2000, mostBytes: 160 * MIB };
const MOST_LINE = 8 * MIB;

export class ListWatch<T> {
  readonly #parts: ListWatchParts<T>;
  #kept = new Map<string, Kept<T>>();
  #isSynced = false;
  #isFailing = false;

  constructor(parts: ListWatchParts<T>) {
    this.#parts = parts;
  }

  /** Whether the list was read. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  values(): readonly T[] {
    return [...this.#kept.values()].flatMap(({ value }) => (value === undefined ? [] : [value]));
  }

  /** Takes an object that a write returned, before the watch reports it. */
  note(object: unknown): void {
    this.#keep(object);
  }

  /** Follows the list until the signal aborts. Never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#parts;
    let from: string | undefined;
    let pause = FIRST_PAUSE_MILLISECONDS;
    while (!signal.aborted) {
      if (from === undefined) from = await this.#list();
      const isEstablished = from !== undefined;
      if (from !== undefined) from = await this.#watch(from);
      pause =
        isEstablished && !this.#isFailing
          ? FIRST_PAUSE_MILLISECONDS
          : Math.min(pause * 2, LONGEST_PAUSE_MILLISECONDS);
      const isAbsent = this.#isSynced && !isEstablished;
      await this.#wait(isAbsent ? ABSENT_PAUSE_MILLISECONDS : pause);
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    const { signal } = this.#parts;
    await delay(milliseconds * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(
      () => undefined,
    );
  }

  /** @returns the version from which to watch, or undefined if the list could not be read */
  async #list(): Promise<string | undefined> {
    const { api, path, signal, isOptional, changed } = this.#parts;
    const kept = new Map<string, Kept<T>>();
    let version = '';
    for await (const page of pagesOf(api, { path, ...PAGES }, signal)) {
      if (page.kind !== 'answer') {
        const isAbsent =
          isOptional && page.kind === 'refused' && (page.status === 404 || page.status === 403);
        if (isAbsent) {
          this.#kept = new Map();
          this.#isSynced = true;
          changed();
        }
        // A list that does not exist is no failure.
        if (!(isAbsent && page.status === 404))
          this.#fail(page.kind === 'refused' ? `the list has status ${page.status}` : page.what);
        return undefined;
      }
      version ||= textField(field(page.json, 'metadata'), 'resourceVersion') ?? '';
      for (const object of asArray(field(page.json, 'items') ?? []) ?? []) {
        const [key, one] = this.#read(object);
        kept.set(key, one);
      }
    }
    // A write that the list does not contain yet.
    for (const [key, one] of this.#kept) {
      const listed = kept.get(key);
      if (listed !== undefined && isOlder(listed.resourceVersion, one.resourceVersion)) kept.set(key, one);
    }
    this.#kept = kept;
    this.#isSynced = true;
    this.#isFailing = false;
    changed();
    return version === '' ? undefined : version;
  }

  /** Watches from a version. @returns the version from which to go on, or undefined to read the list again */
  async #watch(from: string): Promise<string | undefined> {
    const { place, path, signal } = this.#parts;
    const query = new URLSearchParams({
      watch: '1',
      allowWatchBookmarks: 'true',
      resourceVersion: from,
      timeoutSeconds: String(WATCH_SECONDS),
    });
    const target = await readTarget(place, `${path}?${query}`);
    if (!target.ok) {
      this.#fail(target.problem);
      return from;
    }
    let version: string | undefined = from;
    let rest: readonly Buffer[] = [];
    let length = 0;
    const data = (chunk: Buffer): boolean => {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString();
        [rest, length, start] = [[], 0, end + 1];
        version = this.#take(line);
        if (version === undefined) return false;
      }
      if (start < chunk.length) rest = [...rest, chunk.subarray(start)];
      length += chunk.length - start;
      if (length <= MOST_LINE) return true;
      version = undefined;
      return false;
    };
    const status = await watchStream(target.value, { data, signal, seconds: WATCH_SECONDS });
    if (status === 200) {
      this.#isFailing = false;
      return version;
    }
    if (signal.aborted) return version;
    this.#fail(status === 0 ? 'the watch failed' : `the watch has status ${status}`);
    // 410: the version is too old. Other statuses, such as 403, are found out by the list.
    return status === 0 || status === 429 || status >= 500 ? version : undefined;
  }

  /** @returns the version of the event, or undefined if the list must be read again */
  #take(line: string): string | undefined {
    let event: unknown;
    try {
      event = JSON.parse(line);
    } catch {
      return undefined;
    }
    const object = field(event, 'object');
    const version = textField(field(object, 'metadata'), 'resourceVersion');
    switch (textField(event, 'type')) {
      case 'ADDED':
      case 'MODIFIED':
        this.#keep(object);
        this.#parts.changed();
        return version;
      case 'DELETED':
        this.#kept.delete(keyOf(object));
        this.#parts.changed();
        return version;
      case 'BOOKMARK':
        return version;
      default:
        // An error, usually that the version is too old.
        if (integerField(object, 'code') !== 410) this.#fail('the watch reported an error');
        return undefined;
    }
  }

  #keep(object: unknown): void {
    const [key, one] = this.#read(object);
    const known = this.#kept.get(key);
    if (known !== undefined && isOlder(one.resourceVersion, known.resourceVersion)) return;
    this.#kept.set(key, one);
  }

  #read(object: unknown): readonly [string, Kept<T>] {
    const resourceVersion = textField(field(object, 'metadata'), 'resourceVersion') ?? '';
    return [keyOf(object), { value: this.#parts.read(object), resourceVersion }];
  }

  #fail(problem: string): void {
    if (!this.#isFailing && !this.#parts.signal.aborted) this.#parts.failed(problem);
    this.#isFailing = true;
  }
}

function keyOf(object: unknown): string {
  const metadata = field(object, 'metadata');
  return `${textField(metadata, 'namespace') ?? ''}/${textField(metadata, 'name') ?? ''}`;
}

/** Whether a version is older than another one of the same object. Only versions that are numbers can be compared. */
function isOlder(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return false;
  return BigInt(version) < BigInt(than);
}
