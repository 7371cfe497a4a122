/** The rules of docs/reference/audit.md are generated from their table. */
import { it } from 'vitest';
import { AUDIT_CODES, ruleOf } from '../../../src/core/advice/audit/rules.ts';
import { code, expectParts, table } from './page.ts';

it('docs/reference/audit.md is current', () => {
  expectParts('docs/reference/audit.md', {
    rules: table(
      ['code', 'level', 'meaning', 'what to do'],
      AUDIT_CODES.map((name) => {
        const { level, meaning, action, isUndecided } = ruleOf(name);
        return [
          `<a id="${name}"></a>${code(name)}`,
          isUndecided === true ? `${level}, *undecided*` : level,
          meaning,
          action,
        ];
      }),
    ),
  });
});
