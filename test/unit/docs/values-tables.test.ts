/** The tables of docs/reference/values.md are generated from the data of the tests. */
import { it } from 'vitest';
import { FETCH_CODES, type FetchCode } from '../../../src/core/problems/fetch-codes.ts';
import {
  FETCHED_ROWS,
  type Left,
  NEEDS,
  OPTIONAL_ROWS,
  RENDERED_ROWS,
  type Verdict,
} from '../../values/absence.ts';
import { OUTLETS, SECRET_CLASSES, verdictOn } from '../../values/secret-classes.ts';
import { expectParts, table } from './page.ts';

const refusal = (refused: FetchCode) => `\`${refused}\` (${FETCH_CODES[refused].exit})`;

const VERDICT_WORDS: Readonly<Record<string, string>> = {
  value: 'the value',
  absent: 'absent',
  default: 'the default',
};

function verdictCell(verdict: Verdict): string {
  return VERDICT_WORDS[verdict] ?? refusal(verdict as FetchCode);
}

function leftCell({ words, code }: Left): string {
  return code === undefined ? words : refusal(code);
}

/** The most frequent code is shown as in docs/reference/formats.md. */
function classCell(verdict: 'exact' | FetchCode): string {
  if (verdict === 'exact') return verdict;
  return verdict === 'VALUE_NOT_REPRESENTABLE' ? 'refused' : `\`${verdict}\``;
}

it('docs/reference/values.md is current', () => {
  expectParts('docs/reference/values.md', {
    values: table(
      [
        'the secret contains',
        ...OUTLETS.map((outlet) => (outlet === 'raw' ? '`file.<name>`' : `\`${outlet}\``)),
      ],
      SECRET_CLASSES.map((one) => [one.name, ...OUTLETS.map((outlet) => classCell(verdictOn(one, outlet)))]),
    ),
    absence: table(
      ['state', 'required', '`optional: true`', '`default`'],
      [...RENDERED_ROWS, ...FETCHED_ROWS].map(({ state, verdicts }) => [
        state,
        ...NEEDS.map((need) => verdictCell(verdicts[need])),
      ]),
    ),
    optional: table(
      ['request with `optional: true`', 'the key is missing', 'the key is null', 'the secret is absent'],
      OPTIONAL_ROWS.map((row) => [
        row.asked,
        leftCell(row.keyMissing),
        leftCell(row.keyNull),
        leftCell(row.secretAbsent),
      ]),
    ),
  });
});
