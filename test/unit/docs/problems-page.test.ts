/** docs/reference/problems.md is generated from the tables of codes. */
import { it } from 'vitest';
import { ADMISSION_CODES } from '../../../src/core/problems/admission-codes.ts';
import { FETCH_CODES } from '../../../src/core/problems/fetch-codes.ts';
import { RETIRED_CODES } from '../../../src/core/problems/retired-codes.ts';
import { code, expectParts, table } from './page.ts';

it('docs/reference/problems.md is current', () => {
  expectParts('docs/reference/problems.md', {
    admission: table(
      ['code', 'status', 'meaning', 'what to do'],
      Object.entries(ADMISSION_CODES).map(([name, { status, meaning, action }]) => [
        code(name),
        String(status),
        meaning,
        action,
      ]),
    ),
    fetch: table(
      ['exit code', 'code', 'meaning', 'what to do'],
      Object.entries(FETCH_CODES).map(([name, { exit, meaning, action }]) => [
        String(exit),
        code(name),
        meaning,
        action,
      ]),
    ),
    retired: RETIRED_CODES.length === 0 ? 'None.' : RETIRED_CODES.map(code).join(', '),
  });
});
