/**
 * Whether a role may call an action on a secret: its policies, its permissions boundary, and the policy of the secret (IAM
 * User Guide, "Policy evaluation logic"). Service control policies are not known here, and can only take away.
 */
import { allOf, anyOf, type Certainty, certain } from '../../iam/certainty.ts';
import { type Effects, effectsOf, type IamCall } from '../../iam/evaluate.ts';
import type { Policy, PolicyPrincipal } from '../../iam/read-policy.ts';
import type { AuditRole } from './inputs.ts';

export interface Decision {
  readonly kind: 'allowed' | 'denied' | 'undecided';
  /** Why it is denied or undecided; empty if only policies that were not read leave it open. */
  readonly reasons: readonly string[];
}

export type SecretPolicy = Policy | 'none' | 'unknown';

/** @param call without the caller @param owner account of the resource */
export function decideCall(
  role: AuditRole,
  call: Omit<IamCall, 'isCaller'>,
  { owner, policy }: { readonly owner: string; readonly policy: SecretPolicy },
): Decision {
  const own = effectsOf(
    role.policies.map((one) => one.policy),
    call,
  );
  const limit: Effects =
    role.boundary === undefined
      ? { allow: 'yes', deny: 'no', reasons: [] }
      : effectsOf([role.boundary.policy], call);
  const isForeign = owner !== role.account;
  const resource = resourceEffects(role, call, policy);
  const mayAddMore = role.unread.length > 0 ? 'unknown' : 'no';
  const allowedByRole = allOf([anyOf([own.allow, mayAddMore]), limit.allow]);
  // A policy that names the role itself is enough in the same account. Another account needs both sides.
  const allow = isForeign
    ? allOf([allowedByRole, anyOf([resource.direct, resource.account])])
    : anyOf([allowedByRole, allOf([resource.direct, limit.allow])]);
  const deny = anyOf([own.deny, limit.deny, resource.deny]);
  if (deny === 'yes') return { kind: 'denied', reasons: ['a policy denies it explicitly'] };
  const found: Decision['kind'] =
    allow === 'no' ? 'denied' : allow === 'unknown' || deny === 'unknown' ? 'undecided' : 'allowed';
  // A policy that was not read can deny, and a boundary that was not read may not allow. Both are reported once for the role.
  if (found === 'allowed') return { kind: role.unread.length > 0 ? 'undecided' : found, reasons: [] };
  if (found === 'undecided')
    return {
      kind: found,
      reasons: [
        ...role.unread.map((name) => `the policy ${name}, which was not given or cannot be read`),
        ...[...own.reasons, ...limit.reasons, ...resource.reasons],
        ...(policy === 'unknown' && (isForeign || allowedByRole !== 'yes')
          ? ['the resource policy of the secret, which was not given']
          : []),
      ],
    };
  return { kind: found, reasons: [whyDenied(own.allow, limit.allow, isForeign)] };
}

function whyDenied(own: Certainty, limit: Certainty, isForeign: boolean): string {
  if (own === 'no') return 'no policy of the role allows it';
  if (limit === 'no') return 'its permissions boundary does not allow it';
  return isForeign
    ? 'the resource policy of the secret, which is in another account, does not allow it'
    : 'no policy allows it';
}

interface ResourceEffects {
  /** Whether the policy allows the role itself. */
  readonly direct: Certainty;
  /** Whether it allows the account of the role, which then decides by its own policies. */
  readonly account: Certainty;
  readonly deny: Certainty;
  readonly reasons: readonly string[];
}

function resourceEffects(
  role: AuditRole,
  call: Omit<IamCall, 'isCaller'>,
  policy: SecretPolicy,
): ResourceEffects {
  if (policy === 'none') return { direct: 'no', account: 'no', deny: 'no', reasons: [] };
  // A Deny in it would not be seen. Reports say so once, for all secrets whose policy is not known.
  if (policy === 'unknown') return { direct: 'unknown', account: 'unknown', deny: 'no', reasons: [] };
  const direct = effectsOf([policy], { ...call, isCaller: (principal) => isRole(principal, role) });
  const account = effectsOf([policy], { ...call, isCaller: (principal) => isAccount(principal, role) });
  return {
    direct: direct.allow,
    account: account.allow,
    deny: anyOf([direct.deny, account.deny]),
    reasons: [...new Set([...direct.reasons, ...account.reasons])],
  };
}

function isRole({ kind, id }: PolicyPrincipal, { arn, account }: AuditRole): Certainty {
  if (kind === '*') return 'yes';
  if (kind !== 'AWS') return 'no';
  if (id === arn) return 'yes';
  // A session of the role, whose name is that of a pod's service account.
  const [, owner, name] = /^arn:[\w-]+:sts::(\d{12}):assumed-role\/([^/]+)\//.exec(id) ?? [];
  return owner === account && name === arn.split('/').at(-1) ? 'unknown' : 'no';
}

function isAccount({ kind, id }: PolicyPrincipal, { account }: AuditRole): Certainty {
  return certain(kind === 'AWS' && accountOf(id) === account);
}

/** The account that a principal stands for as a whole. */
export function accountOf(id: string): string | undefined {
  return /^(?:arn:[\w-]+:iam::)?(\d{12})(?::root)?$/.exec(id)?.[1];
}
