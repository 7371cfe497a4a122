/** Amazon Resource Names (ARNs) of IAM roles. */

export interface RoleArn {
  /** As the user wrote it. */
  readonly text: string;
  readonly partition: string;
  readonly account: string;
  /** The name of the role, with its path: `team/reader`. */
  readonly name: string;
}

// IAM API, CreateRole: a path of up to 512 printable ASCII characters, and a name of up to 64 letters, digits and _+=,.@-.
// The path is limited to characters that need no escape in a policy, as in the pattern of ARNs of AWS SDKs.
const ROLE = /^arn:([a-z][a-z-]{2,20}):iam::(\d{12}):role\/((?:[\w+=,.@-]+\/){0,32}[\w+=,.@-]{1,64})$/;
const MOST_LETTERS = 640;

/** Parses the ARN of a role. @returns undefined if the text is not one */
export function parseRoleArn(text: string): RoleArn | undefined {
  const [, partition, account, name] = text.length > MOST_LETTERS ? [] : (ROLE.exec(text) ?? []);
  if (partition === undefined || account === undefined || name === undefined) return undefined;
  return { text, partition, account, name };
}
