/** Selects one value of a secret: the whole, a key, or the result of an expression; decoded, or the default. */
import { mayBeAbsent, type Selection } from '../plan/plan.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { decodeBase64 } from '../secret/decode.ts';
import { SecretValue } from '../secret/secret-value.ts';
import type { Values } from './values.ts';

/**
 * Selects a value.
 * @returns undefined if the value is missing and optional, or if a problem was added
 */
export function select(selection: Selection, subject: string, values: Values): SecretValue | undefined {
  const found = find(selection, subject, values);
  if (found === 'absent') {
    return selection.default === undefined ? undefined : new SecretValue(selection.default);
  }
  if (found === undefined || selection.decode === undefined) return found;
  const decoded = decodeBase64(found);
  if (decoded === undefined)
    values.findings.add(notBase64(selection, subject, values.arnOf(selection.secret)));
  return decoded;
}

/** @returns `absent` only for an optional value; undefined if a problem was added */
function find(selection: Selection, subject: string, values: Values): SecretValue | 'absent' | undefined {
  const whole = values.wholeOf(selection);
  if (whole === undefined) return 'absent';
  const place = { subject, secret: selection.secret };
  const { key, jmesPath } = selection;
  if (jmesPath !== undefined) return evaluate({ ...selection, jmesPath }, whole, subject, values);
  if (key === undefined) return whole;
  const members = values.membersOf(whole, place);
  if (members === undefined) return undefined;
  const text = members.get(key);
  if (typeof text === 'string') {
    values.deliver(selection.secret, key);
    return new SecretValue(text);
  }
  if (mayBeAbsent(selection)) return 'absent';
  if (text === null) values.addNull(key, place);
  else values.addMissing(key, place);
  return undefined;
}

function evaluate(
  selection: Selection & { readonly jmesPath: string },
  whole: SecretValue,
  subject: string,
  values: Values,
): SecretValue | 'absent' | undefined {
  const document = values.documentOf(whole, { subject, secret: selection.secret });
  if (document === undefined) return undefined;
  const { selectByJmesPath } = values.engines;
  if (selectByJmesPath === undefined) throw new TypeError('this plan needs the JMESPath engine');
  const expression = selection.jmesPath;
  const arn = values.arnOf(selection.secret);
  const selected = selectByJmesPath(expression, document);
  if (!selected.ok) {
    values.findings.add({
      code: 'VALUE_NOT_SELECTABLE',
      subject,
      wrong: `the expression ${quote(expression)}, applied to secret ${arn}, ${selected.problem}`,
      expected: 'correct the expression or the secret',
    });
    return undefined;
  }
  if (selected.value !== undefined) return new SecretValue(selected.value);
  if (mayBeAbsent(selection)) return 'absent';
  values.findings.add({
    code: 'VALUE_KEY_MISSING',
    subject,
    wrong: `the expression ${quote(expression)} selects nothing from secret ${arn}`,
    expected: 'correct the expression, or make the reference optional',
  });
  return undefined;
}

function notBase64({ key, jmesPath }: Selection, subject: string, arn: string): FetchProblem {
  const part =
    jmesPath !== undefined
      ? `the result of ${quote(jmesPath)} from `
      : key !== undefined
        ? `key ${quote(key)} of `
        : '';
  return {
    code: 'VALUE_NOT_DECODABLE',
    subject,
    wrong: `${part}secret ${arn} is not valid base64`,
    expected: 'store the value in base64, or remove decode',
  };
}
