/** A value that must not appear anywhere it was not sent to, and the search for it in every spelling. */
import { expect } from 'vitest';

export const CANARY = 'c4n4ry-Zm9v/"quoted"\\back+slash=';

/** The spellings in which a value could leak. */
export function spellings(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  return [
    value,
    // The middle alone: escapes at the ends must not hide a leak.
    value.slice(0, 12),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    encodeURIComponent(value),
  ];
}

/** Fails when any text holds the value in any spelling. */
export function expectNoCanary(texts: readonly string[], value = CANARY): void {
  for (const text of texts) for (const spelling of spellings(value)) expect(text).not.toContain(spelling);
}
