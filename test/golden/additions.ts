/** The promise that a patch only adds, checked on the result. */
import { expect } from 'vitest';

/**
 * Checks that everything of `before` is in `after`, unchanged and in order: object members equal, list elements a
 * subsequence. A null may have become a list.
 */
export function expectAdditionsOnly(before: unknown, after: unknown, at = ''): void {
  if (Array.isArray(before)) {
    expect(Array.isArray(after), `${at} is still a list`).toBe(true);
    let from = 0;
    const list = after as unknown[];
    for (const [index, element] of before.entries()) {
      const found = list.findIndex((one, position) => position >= from && includes(element, one));
      expect(found, `${at}/${index} is still there, in order`).toBeGreaterThanOrEqual(from);
      from = found + 1;
    }
  } else if (typeof before === 'object' && before !== null) {
    for (const [key, value] of Object.entries(before)) {
      expectAdditionsOnly(value, (after as Record<string, unknown>)[key], `${at}/${key}`);
    }
  } else if (!(before === null && Array.isArray(after))) {
    expect(after, at).toBe(before);
  }
}

function includes(before: unknown, after: unknown): boolean {
  try {
    expectAdditionsOnly(before, after);
    return true;
  } catch {
    return false;
  }
}
