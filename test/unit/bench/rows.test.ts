import { expect, test } from 'vitest';
import { formatRows, limitedRows } from '../../bench/rows.ts';

const measured = { millicores: 100, bareNode: 200, loopback: 500, delayed: 520, rounds: 15 };

test('a budget is met up to its value', () => {
  const [row] = limitedRows(measured, 20);
  expect(row).toMatchObject({ budget: '≤ 2.50 ×', measured: '2.50 ×', isMet: true });
  expect(limitedRows({ ...measured, loopback: 502 }, 20)[0]).toMatchObject({
    measured: '2.51 ×',
    isMet: false,
  });
});

test('what could not be measured is not met, and says why', () => {
  const rows = limitedRows({ millicores: 100, reason: 'no cgroup with a CPU limit: EACCES' }, 20);
  expect(formatRows(rows)).toBe(`\
| measurement | budget | result | met |
| --- | --- | --- | --- |
| fetcher, one secret, CPU limit of 100m | – | not measured: no cgroup with a CPU limit: EACCES | **no** |
`);
});

test('a row for information has no budget to meet', () => {
  expect(formatRows(limitedRows(measured, 20).slice(1)).split('\n')[2]).toBe(
    '| fetcher, one secret, CPU limit of 100m, 20 ms round trips, times `node -e 0` | – | 2.60 × (520 ms) | – |',
  );
});
