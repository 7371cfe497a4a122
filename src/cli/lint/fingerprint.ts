/** Fingerprints: a finding keeps its own while its lines move, so that a baseline and code scanning recognize it. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { TextFinding } from './text-finding.ts';

export class Fingerprints {
  readonly #counts = new Map<string, number>();

  /** The fingerprint of a finding. Of several that are equal but for their lines, each has its own. */
  of(file: string, { rule, object, subject }: TextFinding): string {
    const identity = [rule, portable(file), object, subject].join('\n');
    const count = this.#counts.get(identity) ?? 0;
    this.#counts.set(identity, count + 1);
    return createHash('sha256').update(`${identity}\n${count}`).digest('hex').slice(0, 32);
  }
}

/** The path of a file from the current directory, the same on every system. */
export function portable(file: string): string {
  if (file === '-') return file;
  return path.relative('', path.resolve(file)).split(path.sep).join('/');
}
