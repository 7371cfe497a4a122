import { AwsError } from './aws-error.ts';
import { MOST_SECRET_BYTES } from './secret.ts';

/** The input of a Secrets Manager request. */
export interface SecretsInput {
  readonly secretId: string | undefined;
  readonly secretIds: readonly string[] | undefined;
  readonly versionId: string | undefined;
  readonly versionStage: string | undefined;
  readonly token: string | undefined;
  readonly secretString: string | undefined;
  readonly secretBinary: Uint8Array | undefined;
  readonly versionStages: readonly string[] | undefined;
  readonly removeFromVersionId: string | undefined;
  readonly moveToVersionId: string | undefined;
  readonly rotationLambdaArn: string | undefined;
  readonly rotationRules: Readonly<Record<string, unknown>> | undefined;
  readonly rotateImmediately: boolean | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a request body. @returns undefined if it is not a JSON object */
export function readJsonObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const content: unknown = JSON.parse(body.toString('utf8'));
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

/** Reads the members of a request. Members of other types are ignored. */
export function readSecretsInput(content: Readonly<Record<string, unknown>>): SecretsInput {
  const text = (member: string) => {
    const value = content[member];
    return typeof value === 'string' ? value : undefined;
  };
  const list = (member: string) => {
    const value = content[member];
    return Array.isArray(value) ? value.map((item) => String(item)) : undefined;
  };
  const binary = text('SecretBinary');
  const rules = content['RotationRules'];
  const immediately = content['RotateImmediately'];
  return {
    secretId: text('SecretId'),
    secretIds: list('SecretIdList'),
    versionId: text('VersionId'),
    versionStage: text('VersionStage'),
    token: text('ClientRequestToken'),
    secretString: text('SecretString'),
    secretBinary: binary === undefined ? undefined : Buffer.from(binary, 'base64'),
    versionStages: list('VersionStages'),
    removeFromVersionId: text('RemoveFromVersionId'),
    moveToVersionId: text('MoveToVersionId'),
    rotationLambdaArn: text('RotationLambdaARN'),
    rotationRules: isObject(rules) ? rules : undefined,
    rotateImmediately: typeof immediately === 'boolean' ? immediately : undefined,
  };
}

const MOST_IN_BATCH = 20;
const MOST_STAGES = 20;

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
  const optional = (value: string | undefined, member: string, least: number, most: number) => {
    if (value !== undefined) length(value, member, least, most);
  };
  optional(input.versionId, 'versionId', 32, 64);
  optional(input.versionStage, 'versionStage', 1, 256);
  optional(input.token, 'clientRequestToken', 32, 64);
  optional(input.removeFromVersionId, 'removeFromVersionId', 32, 64);
  optional(input.moveToVersionId, 'moveToVersionId', 32, 64);
  optional(input.rotationLambdaArn, 'rotationLambdaARN', 0, 2048);
  for (const [member, value] of [
    ['secretString', input.secretString],
    ['secretBinary', input.secretBinary],
  ] as const) {
    // AWS does not repeat a sensitive value.
    if (value !== undefined && Buffer.byteLength(value) > MOST_SECRET_BYTES)
      complain("'******'", member, `have length less than or equal to ${MOST_SECRET_BYTES}`);
  }
  const stages = input.versionStages;
  if (stages !== undefined && (stages.length < 1 || stages.length > MOST_STAGES)) {
    const constraint =
      stages.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${MOST_STAGES}`;
    complain(`'[${stages.join(', ')}]'`, 'versionStages', `have length ${constraint}`);
  }
  if (operation === 'UpdateSecretVersionStage' && input.versionStage === undefined)
    complain('null', 'versionStage', 'not be null');
  if (problems.length === 0) return;
  const count = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`;
  throw new AwsError('ValidationException', `${count} detected: ${problems.join('; ')}`);
}
