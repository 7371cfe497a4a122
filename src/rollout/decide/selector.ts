/** Label selectors of Kubernetes. */
import { asArray, asObject, field, textField } from '../../core/json.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether a selector (`matchLabels`, `matchExpressions`) selects labels. One that cannot be read selects them. */
export function selects(selector: unknown, labels: Labels): boolean {
  if (asObject(selector) === undefined) return false;
  const isEqual = ([name, value]: readonly [string, unknown]) => field(labels, name) === value;
  return (
    Object.entries(asObject(field(selector, 'matchLabels')) ?? {}).every(isEqual) &&
    (asArray(field(selector, 'matchExpressions')) ?? []).every((one) => isMet(one, labels))
  );
}

function isMet(expression: unknown, labels: Labels): boolean {
  const value = field(labels, textField(expression, 'key') ?? '');
  const values = asArray(field(expression, 'values')) ?? [];
  switch (textField(expression, 'operator')) {
    case 'In':
      return values.includes(value);
    case 'NotIn':
      return !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return true;
  }
}

/** A selector as the parameter `labelSelector` of a request. @returns undefined if it selects nothing or cannot be written */
export function selectorQuery(selector: unknown): string | undefined {
  if (asObject(selector) === undefined) return undefined;
  const equal = Object.entries(asObject(field(selector, 'matchLabels')) ?? {}).map(
    ([name, value]) => `${name}=${String(value)}`,
  );
  const expressions = (asArray(field(selector, 'matchExpressions')) ?? []).map((one) => {
    const key = textField(one, 'key') ?? '';
    const values = (asArray(field(one, 'values')) ?? []).map(String).join(',');
    switch (textField(one, 'operator')) {
      case 'In':
        return `${key} in (${values})`;
      case 'NotIn':
        return `${key} notin (${values})`;
      case 'Exists':
        return key;
      case 'DoesNotExist':
        return `!${key}`;
      default:
        return undefined;
    }
  });
  const parts = [...equal, ...expressions];
  return parts.length === 0 || parts.includes(undefined) ? undefined : parts.join(',');
}
