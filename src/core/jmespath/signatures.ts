/** The functions of JMESPath and their parameters. Source: https://jmespath.org/specification.html#built-in-functions */

export type Parameter =
  | 'any'
  | 'array'
  | 'expression'
  | 'number'
  | 'numbers'
  | 'object'
  | 'string'
  | 'strings';

interface Signature {
  /** The allowed types of each argument. */
  readonly parameters: readonly (readonly Parameter[])[];
  /** The last parameter may be repeated. */
  readonly isVariadic?: true;
}

const ONE_NUMBER: Signature = { parameters: [['number']] };
const TWO_STRINGS: Signature = { parameters: [['string'], ['string']] };
const EXTREME: Signature = { parameters: [['numbers', 'strings']] };
const BY_KEY: Signature = { parameters: [['array'], ['expression']] };
const ANYTHING: Signature = { parameters: [['any']] };

export const SIGNATURES = {
  abs: ONE_NUMBER,
  avg: { parameters: [['numbers']] },
  ceil: ONE_NUMBER,
  contains: { parameters: [['array', 'string'], ['any']] },
  ends_with: TWO_STRINGS,
  floor: ONE_NUMBER,
  join: { parameters: [['string'], ['strings']] },
  keys: { parameters: [['object']] },
  length: { parameters: [['string', 'array', 'object']] },
  map: { parameters: [['expression'], ['array']] },
  max: EXTREME,
  max_by: BY_KEY,
  merge: { parameters: [['object']], isVariadic: true },
  min: EXTREME,
  min_by: BY_KEY,
  not_null: { parameters: [['any']], isVariadic: true },
  reverse: { parameters: [['string', 'array']] },
  sort: EXTREME,
  sort_by: BY_KEY,
  starts_with: TWO_STRINGS,
  sum: { parameters: [['numbers']] },
  to_array: ANYTHING,
  to_number: ANYTHING,
  to_string: ANYTHING,
  type: ANYTHING,
  values: { parameters: [['object']] },
} as const satisfies Record<string, Signature>;

export type FunctionName = keyof typeof SIGNATURES;

export function isFunctionName(name: string): name is FunctionName {
  return Object.hasOwn(SIGNATURES, name);
}

/** The allowed types of the argument at `index`; undefined if there is no such argument. */
export function parameterAt(name: FunctionName, index: number): readonly Parameter[] | undefined {
  const { parameters, isVariadic }: Signature = SIGNATURES[name];
  return parameters[index] ?? (isVariadic ? parameters.at(-1) : undefined);
}

/** Whether the function accepts that number of arguments. */
export function takesArguments(name: FunctionName, count: number): boolean {
  return (
    count >= SIGNATURES[name].parameters.length && (count === 0 || parameterAt(name, count - 1) !== undefined)
  );
}
