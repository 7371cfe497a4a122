/**
 * References: `<secret>[:json-key[:version-stage[:version-id]]]`, where `<secret>` is an ARN or an alias. With an
 * ARN this is the grammar of `valueFrom` in Amazon ECS task definitions.
 */
import { ARN_FIELDS, parseArn, type SecretArn } from '../names/arn.ts';
import { PREFIX } from '../names/prefix.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';

export interface Reference {
  readonly arn: SecretArn;
  /** A literal top-level key of a JSON secret; undefined for the whole value. */
  readonly key: string | undefined;
  readonly stage: string | undefined;
  readonly versionId: string | undefined;
}

const ALIAS = /^[a-z0-9](?:[-a-z0-9]{0,38}[a-z0-9])?$/;
// GetSecretValue: VersionStage 1–256 characters, VersionId 32–64.
// biome-ignore lint/suspicious/noControlCharactersInRegex: any printable character may stand in a stage
const STAGE = /^[^\s\u0000-\u001f\u007f]{1,256}$/;
const VERSION_ID = /^[A-Za-z0-9-]{32,64}$/;

/** Whether a text may name a secret within a pod: never `arn`, which would be ambiguous. */
export function isAlias(text: string): boolean {
  return text !== 'arn' && ALIAS.test(text);
}

/**
 * Parses a reference and resolves its alias.
 * @param aliases the pod's aliases; one whose own ARN was refused maps to undefined, so that it is not complained of twice
 * @returns the reference, problems, or nothing when the only fault is one already reported at the alias
 */
export function parseReference(
  text: string,
  subject: string,
  aliases: ReadonlyMap<string, SecretArn | undefined>,
): Reference | Problem | undefined {
  const fields = text.split(':');
  const isArn = fields[0] === 'arn';
  const secretFields = isArn ? ARN_FIELDS : 1;
  const secret = fields.slice(0, secretFields).join(':');
  const [key = '', stage = '', versionId = '', ...rest] = fields.slice(secretFields);
  const arn = isArn ? parseArn(secret, subject) : resolveAlias(secret, subject, aliases);
  if (arn === undefined || 'code' in arn) return arn;
  if (rest.length > 0) {
    return invalid(text, subject, 'has more than json-key, version-stage and version-id behind the secret');
  }
  const version = { stage: present(stage), versionId: present(versionId) };
  return versionProblem(version.stage, version.versionId, subject) ?? { arn, key: present(key), ...version };
}

/** Why a version cannot be named so, or undefined. */
export function versionProblem(
  stage: string | undefined,
  versionId: string | undefined,
  subject: string,
): Problem | undefined {
  if (stage !== undefined && versionId !== undefined) {
    return {
      code: 'REFERENCE_STAGE_AND_ID',
      subject,
      wrong: `version stage ${quote(stage)} and version id ${quote(versionId)} are both named`,
      expected: 'name one of the two, as in Amazon ECS',
    };
  }
  if (stage !== undefined && !STAGE.test(stage))
    return invalid(stage, subject, 'is no label that a version stage can have');
  if (versionId !== undefined && !VERSION_ID.test(versionId))
    return invalid(versionId, subject, 'is no version id, which has 32 to 64 letters, digits and hyphens');
  return undefined;
}

/** The ARN that an alias stands for; undefined where the alias's own ARN was refused. */
export function resolveAlias(
  name: string,
  subject: string,
  aliases: ReadonlyMap<string, SecretArn | undefined>,
): SecretArn | Problem | undefined {
  if (aliases.has(name)) return aliases.get(name);
  if (isAlias(name)) {
    return {
      code: 'ALIAS_UNKNOWN',
      subject,
      wrong: `no secret is called ${quote(name)} here`,
      expected: `add the annotation ${PREFIX}secret.${name} with the secret's ARN, or write the ARN itself`,
    };
  }
  return {
    code: 'REFERENCE_NAME_ONLY',
    subject,
    wrong: `${quote(name)} is neither an ARN nor an alias`,
    expected: 'a secret is named by its ARN (aws secretsmanager describe-secret prints it), not by its name',
  };
}

function invalid(text: string, subject: string, what: string): Problem {
  return {
    code: 'REFERENCE_INVALID',
    subject,
    wrong: `${quote(text)} ${what}`,
    expected: 'write <ARN or alias>[:json-key[:version-stage[:version-id]]]',
  };
}

function present(text: string): string | undefined {
  return text === '' ? undefined : text;
}
