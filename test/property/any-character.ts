/** Any character of Unicode. fast-check's unit `binary` is the same, but takes seconds to set up. */
import fc from 'fast-check';

const SURROGATES = 0x800;

/** Whole characters: no surrogates by themselves. */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES })
  .map((code) => String.fromCodePoint(code < 0xd800 ? code : code + SURROGATES));

/** The same with as many from the first 256 as from all others: those are what parsers look at. */
export const lowCharacter = fc.oneof(
  fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code)),
  anyCharacter,
);
