/**
 * References: `<secret>[:json-key[:version-stage[:version-id]]]`, where `<secret>` is an ARN or an alias. With an ARN,
 * this is the grammar of `valueFrom` in Amazon ECS task definitions.
 */
import { ARN_FIELDS, parseArn, type SecretArn } from '../names/arn.ts';
import { PREFIX } from '../names/prefix.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';

export interface Reference {
  readonly arn: SecretArn;
  /** A literal top-level key of a JSON secret; undefined for the whole value. */
  readonly key: string | undefined;
  readonly stage: string | undefined;
  readonly versionId: string | undefined;
}

/** The aliases of a pod. An alias whose own ARN was rejected maps to undefined, so that the ARN is reported once. */
export type Aliases = ReadonlyMap<string, SecretArn | undefined>;

/** What a part of a reference refers to. The problem is undefined where it was reported at the alias. */
export type Resolved<T> = Result<T, Problem | undefined>;

const ALIAS = /^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
// GetSecretValue: VersionStage has 1 to 256 characters, VersionId 32 to 64.
// biome-ignore lint/suspicious/noControlCharactersInRegex: a stage may contain any printable character
const STAGE = /^[^\s\u0000-\u001f\u007f]{1,256}$/;
const VERSION_ID = /^[A-Za-z0-9-]{32,64}$/;

/** Whether a text is a valid alias. `arn` is not, because a reference that starts with it would be ambiguous. */
export function isAlias(text: string): boolean {
  return text !== 'arn' && ALIAS.test(text);
}

/** Parses a reference and resolves its alias. @param subject the annotation that a problem names */
export function parseReference(text: string, subject: string, aliases: Aliases): Resolved<Reference> {
  const fields = text.split(':');
  const isArn = fields[0] === 'arn';
  const secretFields = isArn ? ARN_FIELDS : 1;
  const secret = fields.slice(0, secretFields).join(':');
  const [key = '', stage = '', versionId = '', ...rest] = fields.slice(secretFields);
  const arn = resolveSecret(secret, subject, aliases);
  if (!arn.ok) return arn;
  if (rest.length > 0) {
    return failed(
      invalid(text, subject, 'has more fields than json-key, version-stage and version-id after the secret'),
    );
  }
  const version = { stage: present(stage), versionId: present(versionId) };
  const problem = versionProblem(version.stage, version.versionId, subject);
  return problem === undefined ? ok({ arn: arn.value, key: present(key), ...version }) : failed(problem);
}

/** Resolves an ARN or an alias. */
export function resolveSecret(text: string, subject: string, aliases: Aliases): Resolved<SecretArn> {
  if (text === 'arn' || text.startsWith('arn:')) return parseArn(text, subject);
  if (aliases.has(text)) {
    const arn = aliases.get(text);
    return arn === undefined ? failed(undefined) : ok(arn);
  }
  return failed(isAlias(text) ? aliasUnknown(text, subject) : nameOnly(text, subject));
}

/** The problem of a version stage or version ID, or undefined. */
export function versionProblem(
  stage: string | undefined,
  versionId: string | undefined,
  subject: string,
): Problem | undefined {
  if (stage !== undefined && versionId !== undefined) {
    return {
      code: 'REFERENCE_STAGE_AND_ID',
      subject,
      wrong: `the reference has both version stage ${quote(stage)} and version ID ${quote(versionId)}`,
      expected: VERSION_ID.test(versionId)
        ? 'keep only one of the two, as in Amazon ECS'
        : 'keep only one of the two; for a key that contains a colon, use the field key of the YAML form',
    };
  }
  if (stage !== undefined && !STAGE.test(stage))
    return invalid(stage, subject, 'is not a valid version stage');
  if (versionId !== undefined && !VERSION_ID.test(versionId)) {
    return invalid(
      versionId,
      subject,
      'is not a valid version ID, which has 32 to 64 letters, digits and hyphens',
    );
  }
  return undefined;
}

function aliasUnknown(name: string, subject: string): Problem {
  return {
    code: 'ALIAS_UNKNOWN',
    subject,
    wrong: `the pod does not define the alias ${quote(name)}`,
    expected: `add the annotation ${PREFIX}secret.${name} with the ARN of the secret, or use the ARN here`,
  };
}

function nameOnly(text: string, subject: string): Problem {
  return {
    code: 'REFERENCE_NAME_ONLY',
    subject,
    wrong: `${quote(text)} is neither an ARN nor an alias`,
    expected: 'use the ARN of the secret, not its name; aws secretsmanager describe-secret prints the ARN',
  };
}

function invalid(text: string, subject: string, what: string): Problem {
  return {
    code: 'REFERENCE_INVALID',
    subject,
    wrong: `${quote(text)} ${what}`,
    expected:
      'use <ARN or alias>[:json-key[:version-stage[:version-id]]]; for a key that contains a colon, use the field key of the YAML form',
  };
}

function present(text: string): string | undefined {
  return text === '' ? undefined : text;
}
