import { expect, it } from 'vitest';
import { LineIndex } from '../../../../src/cli/manifests/line-index.ts';

it.each([
  [-1, 1, 1],
  [0, 1, 1],
  [2, 1, 3],
  [3, 2, 1],
  [4, 3, 1],
  [6, 3, 3],
  // Readers add a line break to a text that ends without one, and can refuse what follows it.
  [9, 3, 3],
])('offset %i is at line %i, column %i', (offset, line, column) => {
  expect(new LineIndex('ab\n\ncd').placeOf(offset)).toEqual({ line, column });
});
