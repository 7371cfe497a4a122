/** docs/reference/problems.md is generated from the tables of codes. */
import { it } from 'vitest';
import { ADMISSION_CODES } from '../../../src/core/problems/admission-codes.ts';
import { FETCH_CODES } from '../../../src/core/problems/fetch-codes.ts';
import { problemAnchor } from '../../../src/core/problems/problems.ts';
import { REFRESH_CODES } from '../../../src/core/problems/refresh-codes.ts';
import { RETIRED_CODES } from '../../../src/core/problems/retired-codes.ts';
import { code, expectParts, table } from './page.ts';

/** The fetcher's messages contain the anchor. */
function anchored(name: string): string {
  return `<a id="${problemAnchor(name)}"></a>${code(name)}`;
}

it('docs/reference/problems.md is current', () => {
  expectParts('docs/reference/problems.md', {
    admission: table(
      ['code', 'status', 'meaning', 'what to do'],
      Object.entries(ADMISSION_CODES).map(([name, { status, meaning, action }]) => [
        anchored(name),
        String(status),
        meaning,
        action,
      ]),
    ),
    fetch: table(
      ['exit code', 'code', 'meaning', 'what to do'],
      Object.entries(FETCH_CODES).map(([name, { exit, meaning, action }]) => [
        String(exit),
        anchored(name),
        meaning,
        action,
      ]),
    ),
    refresh: table(
      ['code', 'meaning', 'what to do'],
      Object.entries(REFRESH_CODES).map(([name, { meaning, action }]) => [anchored(name), meaning, action]),
    ),
    retired: RETIRED_CODES.length === 0 ? 'None.' : RETIRED_CODES.map(code).join(', '),
  });
});
