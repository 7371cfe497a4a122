/** One value out of a secret: the whole, a key, or what an expression finds; decoded, or what stands in for it. */

import { mayBeAbsent, type Selection } from '../plan/plan.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { decodeBase64 } from '../secret/decode.ts';
import { SecretValue } from '../secret/secret-value.ts';
import type { Values } from './values.ts';

/**
 * Selects a value.
 * @returns undefined if it is absent and may be, or if a problem was told
 */
export function select(selection: Selection, subject: string, values: Values): SecretValue | undefined {
  const found = find(selection, subject, values);
  if (found === 'absent') {
    return selection.default === undefined ? undefined : new SecretValue(selection.default);
  }
  if (found === undefined || selection.decode === undefined) return found;
  const decoded = decodeBase64(found);
  if (decoded === undefined) values.complain(notBase64(selection, subject, values.arnOf(selection.secret)));
  return decoded;
}

/** @returns `absent` only where that is allowed; undefined where a problem was told */
function find(selection: Selection, subject: string, values: Values): SecretValue | 'absent' | undefined {
  const whole = values.wholeOf(selection);
  if (whole === undefined) return 'absent';
  const place = { subject, secret: selection.secret };
  if (selection.jmesPath !== undefined)
    return evaluate(selection.jmesPath, whole, selection, subject, values);
  if (selection.key === undefined) return whole;
  const members = values.membersOf(whole, place);
  if (members === undefined) return undefined;
  const text = members.get(selection.key);
  if (typeof text === 'string') return new SecretValue(text);
  if (mayBeAbsent(selection)) return 'absent';
  if (text === null) values.complainOfNull(selection.key, place);
  else values.complainOfMissing(selection.key, place);
  return undefined;
}

function evaluate(
  expression: string,
  whole: SecretValue,
  selection: Selection,
  subject: string,
  values: Values,
): SecretValue | 'absent' | undefined {
  const document = values.documentOf(whole, { subject, secret: selection.secret });
  if (document === undefined) return undefined;
  const { selectByJmesPath } = values.engines;
  if (selectByJmesPath === undefined) throw new TypeError('this plan needs the engine of JMESPath');
  const result = selectByJmesPath(expression, document);
  const arn = values.arnOf(selection.secret);
  if ('text' in result) return new SecretValue(result.text);
  if ('absent' in result) {
    if (mayBeAbsent(selection)) return 'absent';
    values.complain({
      code: 'VALUE_KEY_MISSING',
      subject,
      wrong: `the expression ${quote(expression)} finds nothing in the secret ${arn}`,
      expected: 'mend the expression, or make it optional',
    });
    return undefined;
  }
  values.complain({
    code: 'VALUE_NOT_SELECTABLE',
    subject,
    wrong: `the expression ${quote(expression)}, applied to the secret ${arn}, ${result.fault}`,
    expected: 'mend the expression or the secret',
  });
  return undefined;
}

function notBase64({ key, jmesPath }: Selection, subject: string, arn: string): FetchProblem {
  const part =
    jmesPath !== undefined
      ? `what ${quote(jmesPath)} finds in `
      : key !== undefined
        ? `the key ${quote(key)} of `
        : '';
  const what = `${part}the secret ${arn}`;
  return {
    code: 'VALUE_NOT_DECODABLE',
    subject,
    wrong: `${what} is not base64`,
    expected: 'store it in base64, or leave decode out',
  };
}
