import { expect, it } from 'vitest';
import { readMatcher } from '../../../../../src/core/advice/migrate/external-secrets/names.ts';

it.each(['^(a+)+$', '(a|a)*b', '(?:a?){30}a', '^.*.*.*.*x$'])(
  '%s, which can take very long, is not evaluated',
  (source) => {
    expect(readMatcher(source)).toMatchObject({ ok: false });
  },
);

it.each([
  ['^(prod|dev)-.*$', 'prod-db', true],
  ['^[(+*]{2}\\)+\\*$', '(+)*', true],
  ['(?i)^DB_[a-z]+$', 'db_user', true],
  ['^a*b+c*$', 'abx', false],
])('%s is', (source, name, expected) => {
  const matcher = readMatcher(source);
  expect(matcher.ok && matcher.value(name)).toBe(expected);
});
