/** JMESPath on the JSON of a secret: checked at admission, evaluated by the fetcher. */

import { MAX_SECRET_BYTES } from '../limits.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { type JsonDocument, nodeText } from '../secret/secret-json.ts';
import { exceedsUtf8 } from '../utf8.ts';
import { isConstant } from './constant.ts';
import { evaluate } from './evaluate.ts';
import { parseJmesPath } from './syntax.ts';

/**
 * Checks an expression without a document.
 * @returns a fault that continues the sentence "the expression …", or undefined
 */
export function jmesPathFault(expression: string): string | undefined {
  const parsed = parseJmesPath(expression);
  return parsed.ok ? undefined : parsed.problem;
}

/**
 * Why a valid expression gives the same result for every secret.
 * @returns a fault that continues the sentence "the expression …", or undefined
 */
export function constantFault(expression: string): string | undefined {
  const parsed = parseJmesPath(expression);
  if (!parsed.ok || !isConstant(parsed.value)) return undefined;
  return 'is a constant, which selects nothing from the secret';
}

/**
 * Selects from a document. The result is a string unchanged, a number with the digits of the secret, or compact JSON. A
 * computed number is written as JavaScript writes it.
 * @returns the text; undefined if the expression selects nothing (null); or a fault that continues the sentence "the
 * expression …" and never quotes a value
 */
export function selectByJmesPath(
  expression: string,
  document: JsonDocument,
): Result<string | undefined, string> {
  const parsed = parseJmesPath(expression);
  if (!parsed.ok) return parsed;
  const evaluated = evaluate(parsed.value, document.root);
  if (!evaluated.ok) return evaluated;
  if (evaluated.value === null) return ok(undefined);
  let text: string | undefined;
  try {
    text = nodeText(evaluated.value, MAX_SECRET_BYTES);
  } catch {
    return failed('reaches JSON that is nested too deeply');
  }
  if (text === undefined || exceedsUtf8(text, MAX_SECRET_BYTES))
    return failed(`selects more than ${MAX_SECRET_BYTES} bytes`);
  return ok(text);
}
