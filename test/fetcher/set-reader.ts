/**
 * Reads a set of files in a loop, as an application does: resolves `..data` once, then opens each file below it. As a worker
 * thread, it reads until it is told to stop.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface SetReading {
  readonly reads: number;
  /** The content of each set that was seen, without those that are mixed. */
  readonly sets: readonly string[];
  /** The contents of sets whose files differ. */
  readonly mixed: readonly string[];
  /** Files that were not there any more. */
  readonly missing: number;
}

interface Given {
  readonly volume: string;
  readonly names: readonly string[];
  /** Not 0 when the worker has to stop. */
  readonly stop: SharedArrayBuffer;
}

/** Reads a set whose files all have the same content. @returns a function that stops, with what was seen */
export function startReading(volume: string, names: readonly string[]): () => Promise<SetReading> {
  const stop = new SharedArrayBuffer(4);
  const worker = new Worker(import.meta.filename, { workerData: { volume, names, stop } satisfies Given });
  const seen = new Promise<SetReading>((resolve, reject) =>
    worker.on('message', resolve).on('error', reject),
  );
  return () => {
    Atomics.store(new Int32Array(stop), 0, 1);
    return seen;
  };
}

function readUntilStopped({ volume, names, stop }: Given): SetReading {
  const flag = new Int32Array(stop);
  const sets = new Set<string>();
  const mixed: string[] = [];
  let [reads, missing] = [0, 0];
  while (Atomics.load(flag, 0) === 0) {
    // Lets the other threads of a machine with few cores work.
    Atomics.wait(flag, 0, 0, 1);
    try {
      const data = path.join(volume, readlinkSync(path.join(volume, '..data')));
      const contents = names.map((name) => readFileSync(path.join(data, name), 'utf8'));
      reads += 1;
      const [first = '', ...others] = new Set(contents);
      if (others.length === 0) sets.add(first);
      else if (mixed.length < 10) mixed.push(contents.join());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      missing += 1;
    }
  }
  return { reads, sets: [...sets], mixed, missing };
}

if (!isMainThread && parentPort !== null) parentPort.postMessage(readUntilStopped(workerData as Given));
