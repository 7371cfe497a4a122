/** The table of docs/guides/eks.md is the one that the tier eks tests. */
import { it } from 'vitest';
import { isRefused, ORDERS } from '../../eks/orders.ts';
import { code, expectParts, table } from './page.ts';

const HEAD = [
  "Amazon's webhook runs",
  'its `reinvocationPolicy`',
  'env-modes `shell` and `file`, all releases',
  '`native`, v0.6.9 and later',
  '`native`, before v0.6.9',
  '`native`, before v0.6.9, second registration',
];

it('lists the result of each order', () => {
  const cell = (isBad: boolean): string => (isBad ? '**refused**' : 'complete');
  const rows = ORDERS.map((order) => [
    `${order.place} the injector`,
    code(order.policy),
    cell(false),
    cell(isRefused(order, false, false)),
    cell(isRefused(order, true, false)),
    cell(isRefused(order, true, true)),
  ]);
  expectParts('docs/guides/eks.md', { orders: table(HEAD, rows) });
});
