import { AwsError } from './aws-error.ts';

/** The input of a Secrets Manager request. */
export interface SecretsInput {
  readonly secretId: string | undefined;
  readonly secretIds: readonly string[] | undefined;
  readonly versionId: string | undefined;
  readonly versionStage: string | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a request body. @returns undefined if it is not a JSON object; members of other types are ignored */
export function readSecretsInput(body: Buffer): SecretsInput | undefined {
  let content: unknown;
  try {
    content = JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isObject(content)) return undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  const list = content['SecretIdList'];
  return {
    secretId: text(content['SecretId']),
    secretIds: Array.isArray(list) ? list.map((id) => String(id)) : undefined,
    versionId: text(content['VersionId']),
    versionStage: text(content['VersionStage']),
  };
}

const MOST_IN_BATCH = 20;

/** Checks the limits in the API model of AWS. */
export function validateSecretsInput(operation: string, input: SecretsInput): void {
  const problems: string[] = [];
  const complain = (value: string, member: string, constraint: string) =>
    problems.push(`Value ${value} at '${member}' failed to satisfy constraint: Member must ${constraint}`);
  const length = (value: string, member: string, least: number, most: number) => {
    if (value.length < least) complain(`'${value}'`, member, `have length greater than or equal to ${least}`);
    if (value.length > most) complain(`'${value}'`, member, `have length less than or equal to ${most}`);
  };
  if (operation === 'BatchGetSecretValue') {
    if (input.secretIds === undefined) {
      throw new AwsError('InvalidParameterException', 'You must provide either SecretIdList or Filters.');
    }
    const shown = `'[${input.secretIds.join(', ')}]'`;
    if (input.secretIds.length < 1) complain(shown, 'secretIdList', 'have length greater than or equal to 1');
    if (input.secretIds.length > MOST_IN_BATCH) {
      complain(shown, 'secretIdList', `have length less than or equal to ${MOST_IN_BATCH}`);
    }
  } else if (input.secretId === undefined) complain('null', 'secretId', 'not be null');
  else length(input.secretId, 'secretId', 1, 2048);
  if (input.versionId !== undefined) length(input.versionId, 'versionId', 32, 64);
  if (input.versionStage !== undefined) length(input.versionStage, 'versionStage', 1, 256);
  if (problems.length === 0) return;
  const count = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
  throw new AwsError('ValidationException', `${count} detected: ${problems.join('; ')}`);
}
