/** The JSON line about a run, which is the last line of its output. */
import type { Finished } from './stage.ts';

export interface RunLine {
  readonly level: string;
  readonly time: string;
  readonly outcome: string;
  readonly exitCode: number;
  readonly codes?: string;
  readonly milliseconds: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly files?: number;
  readonly secrets: number;
  readonly versions: readonly Readonly<Record<string, unknown>>[];
  readonly msg: string;
}

/** @throws SyntaxError if the last line is not JSON */
export function lineOf({ stdout }: Pick<Finished, 'stdout'>): RunLine {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as RunLine;
}
