/** A baseline: the findings of an old repository that are not reported again. Fixed ones can be removed at any time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { asArray, field, textField } from '../../core/json.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { ReportResult } from '../report/result.ts';
import { portable } from './fingerprint.ts';

/** Reads the fingerprints of a file. The problem continues a sentence after its name. */
export function readBaseline(file: string): Result<ReadonlySet<string>, string> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return failed(code === undefined ? 'is not JSON' : `cannot be read (${code})`);
  }
  const findings = asArray(field(json, 'findings'));
  if (field(json, 'version') !== 1 || findings === undefined)
    return failed('is not a baseline of this version: write it again with --write-baseline');
  const fingerprints = findings.map((one) => textField(one, 'fingerprint'));
  return fingerprints.every((one) => one !== undefined)
    ? ok(new Set(fingerprints))
    : failed('contains a finding without a fingerprint');
}

/** Writes the fingerprints of results, with what people need to review the file. @returns why it cannot be written */
export function writeBaseline(file: string, results: readonly ReportResult[]): string | undefined {
  const findings = results
    .map(({ rule, place, object, fingerprint }) => ({
      rule,
      file: place === undefined ? '' : portable(place.file),
      ...(object === undefined ? {} : { object }),
      fingerprint,
    }))
    .toSorted((one, other) =>
      compare(`${one.file}\n${one.fingerprint}`, `${other.file}\n${other.fingerprint}`),
    );
  try {
    writeFileSync(file, `${JSON.stringify({ version: 1, findings }, undefined, 2)}\n`);
    return undefined;
  } catch (error) {
    return `cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
