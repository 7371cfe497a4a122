/** The setting `allowed-roles`. */
import { parseRoleArn } from '../../core/names/role-arn.ts';
import type { AllowedRole } from '../../core/settings.ts';
import type { Kind } from './kinds.ts';

const NAMESPACE_PATTERN = /^[a-z0-9*-]{1,63}$/;
/** Characters of ARNs of roles. */
const ROLE_PATTERN = /^[\w+=,.@:/*-]{1,640}$/;
/** Names of roles can contain commas and equals signs: a comma separates pairs only before the start of a pair. */
const SEPARATOR = /,?[ \t\r]*(?:\n|$)|,(?=[ \t]*[a-z0-9*-]+=(?:arn:|\*))/;

/** `namespace=role` pairs of patterns, one for each flag, or separated by commas or line feeds. */
export const ALLOWED_ROLES: Kind<readonly AllowedRole[]> = {
  placeholder: 'namespace=role-arn',
  expects:
    'namespace=role-arn, such as shop=arn:aws:iam::111122223333:role/shop; both can contain wildcards (*)',
  parse: (text) => {
    const pairs = text.split(SEPARATOR).map((pair) => pair.trim());
    const parsed = pairs.filter((pair) => pair !== '').map(parsePair);
    return parsed.every((one) => one !== undefined) && parsed.length > 0 ? parsed : undefined;
  },
  merge: (lists) => lists.flat(),
};

function parsePair(pair: string): AllowedRole | undefined {
  const at = pair.indexOf('=');
  const [namespace, role] = [pair.slice(0, at), pair.slice(at + 1)];
  const isRight = at > 0 && NAMESPACE_PATTERN.test(namespace) && isRolePattern(role);
  return isRight ? { namespace, role } : undefined;
}

/** Without `*`, a pattern that is not the ARN of a role would never match. */
function isRolePattern(text: string): boolean {
  return text.includes('*')
    ? ROLE_PATTERN.test(text) && /^(?:arn:|\*)/.test(text)
    : parseRoleArn(text) !== undefined;
}
