/**
 * Reading JSON that somebody else wrote. Objects are looked at through own properties only, so that keys such
 * as `__proto__` or `constructor` are plain data.
 */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value if it is a JSON object, else undefined. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The value if it is an array, else undefined. */
export function asArray(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** An own property of a value that may not be an object. */
export function field(value: unknown, name: string): unknown {
  const object = asObject(value);
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}

/** An own property if it is a string. */
export function textField(value: unknown, name: string): string | undefined {
  const found = field(value, name);
  return typeof found === 'string' ? found : undefined;
}

/** An own property if it is an integer. */
export function integerField(value: unknown, name: string): number | undefined {
  const found = field(value, name);
  return Number.isInteger(found) ? (found as number) : undefined;
}
