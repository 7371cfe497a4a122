/** Plain scalars by the core schema of YAML 1.2 (section 10.3.2): which are text, and which need quotes to be text. */

const NULL = /^(?:null|Null|NULL|~|)$/;
const TRUE = /^(?:true|True|TRUE)$/;
const FALSE = /^(?:false|False|FALSE)$/;
/** Integers (octal, hexadecimal, decimal), decimals, infinities, not-a-number. */
const NUMBER =
  /^(?:0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
/** No other character begins one of the above. */
const SPECIAL_START = /^[-+.0-9~nNtTfF]/;

/** @returns text, a boolean, null, or a number, whose value does not matter */
export function plainScalar(source: string): string | boolean | null | number {
  if (source !== '' && !SPECIAL_START.test(source)) return source;
  if (NULL.test(source)) return null;
  if (TRUE.test(source)) return true;
  if (FALSE.test(source)) return false;
  return NUMBER.test(source) ? Number(source) : source;
}
