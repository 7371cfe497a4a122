/** Policy documents in the language of IAM (IAM User Guide, JSON policy element reference). */

export type OneOrMore = string | readonly string[];

/** Values by condition key, by operator. */
export type Condition = Readonly<Record<string, Readonly<Record<string, OneOrMore>>>>;

export interface Statement {
  readonly Effect: 'Allow';
  readonly Principal?: Principal;
  readonly Action: OneOrMore;
  readonly Resource?: OneOrMore;
  readonly Condition?: Condition;
}

export type Principal =
  | { readonly AWS: OneOrMore }
  | { readonly Federated: OneOrMore }
  | { readonly Service: OneOrMore };

export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

export function policyDocument(statements: readonly Statement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

/** Distinct values in code unit order, as policies are written: a list only where there are several. */
export function oneOrMore(values: Iterable<string>): OneOrMore {
  const sorted = [...new Set(values)].sort();
  const [first] = sorted;
  return first !== undefined && sorted.length === 1 ? first : sorted;
}
