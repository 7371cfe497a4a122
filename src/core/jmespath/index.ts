/** JMESPath on a secret's JSON: checked at admission, evaluated where the value is. */

import { MAX_SECRET_BYTES } from '../limits.ts';
import { type JsonDocument, nodeText } from '../secret/secret-json.ts';
import { evaluate } from './evaluate.ts';
import { parseJmesPath } from './syntax.ts';

/**
 * Checks an expression without a document.
 * @returns what is wrong, as words that follow "the expression"; undefined if nothing is
 */
export function jmesPathFault(expression: string): string | undefined {
  const parsed = parseJmesPath(expression);
  return 'fault' in parsed ? parsed.fault : undefined;
}

/** What a selection comes to: a text, nothing (null), or words that follow "the expression" and never hold a value. */
export type Selected = { readonly text: string } | { readonly absent: true } | { readonly fault: string };

/**
 * Selects from a document. Strings come as they are, numbers with the digits of the secret, the rest as compact JSON.
 * A number that was computed is written as JavaScript writes it.
 */
export function selectByJmesPath(expression: string, document: JsonDocument): Selected {
  const parsed = parseJmesPath(expression);
  if ('fault' in parsed) return parsed;
  const evaluated = evaluate(parsed.expression, document.root);
  if ('fault' in evaluated) return evaluated;
  if (evaluated.result === null) return { absent: true };
  let text: string | undefined;
  try {
    text = nodeText(evaluated.result, MAX_SECRET_BYTES);
  } catch {
    return { fault: 'meets JSON that nests too deeply' };
  }
  if (text === undefined || new TextEncoder().encode(text).length > MAX_SECRET_BYTES)
    return { fault: `selects more than ${MAX_SECRET_BYTES} bytes` };
  return { text };
}
