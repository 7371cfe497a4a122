/** Compares what workloads request with what their roles may read. */
import type { Policy } from '../../iam/read-policy.ts';
import { RequestContext } from '../../iam/request-context.ts';
import { partitionOf } from '../../names/regions.ts';
import { type Budget, sizeOf } from './budget.ts';
import { type Decision, decideCall } from './decision.ts';
import type { AuditFindings } from './findings.ts';
import type { AuditInputs, AuditRole } from './inputs.ts';
import type { ResourcePolicies } from './resource-policies.ts';
import { needContext, roleContext, secretContext, sessionKind } from './role-context.ts';
import { type KnownSecret, resourceOf, type SecretIndex } from './secret-index.ts';
import type { Need, RoleUse, Uses } from './uses.ts';

const READ = 'secretsmanager:GetSecretValue';
const DESCRIBE = 'secretsmanager:DescribeSecret';

export interface AccessParts {
  readonly inputs: AuditInputs;
  readonly index: SecretIndex;
  readonly roles: ReadonlyMap<string, AuditRole>;
  readonly policies: ResourcePolicies;
  readonly budget: Budget;
  readonly findings: AuditFindings;
}

/** The decision about each need, by the ARN of the role and the number of the secret; the worst if it has several versions. */
export type Decisions = ReadonlyMap<string, ReadonlyMap<number, Decision['kind']>>;

export function checkAccess(uses: Uses, parts: AccessParts): Decisions {
  const { inputs, roles, findings } = parts;
  const decisions = new Map<string, ReadonlyMap<number, Decision['kind']>>();
  for (const [account, workloads] of inputs.iam === undefined ? [] : uses.unknown)
    findings.add('role-unknown', account, 'the role of the service account is not known', { workloads });
  for (const [arn, use] of uses.roles) {
    const role = roles.get(arn);
    if (role !== undefined) decisions.set(arn, checkRole(role, use, parts));
    else if (inputs.iam?.accounts.has(use.role.account) === true)
      findings.add('role-missing', arn, 'the role does not exist', { workloads: use.workloads });
    else if (inputs.iam !== undefined)
      findings.add('role-unknown', arn, 'the policies of the role were not given', {
        workloads: use.workloads,
      });
  }
  return decisions;
}

function checkRole(role: AuditRole, use: RoleUse, parts: AccessParts): ReadonlyMap<number, Decision['kind']> {
  const { index, findings } = parts;
  const decisions = new Map<number, Decision['kind']>();
  const kind = sessionKind(role, use);
  const context = roleContext(role, kind);
  for (const name of role.unread)
    findings.add('policy-undecided', role.arn, `the policy ${name} was not given or cannot be read`);
  const size = sizeOf(policiesOf(role));
  for (const need of use.needs.values()) {
    const number = index.find(need.read.arn);
    const secret = number === undefined ? undefined : index.all[number];
    if (number === undefined || secret === undefined) continue;
    const call = {
      resource: resourceOf(secret),
      context: secretContext(secret.arn, secret.listed, needContext(need, kind, context), need.read.arn),
    };
    const policy = parts.policies.of(number, secret, need.read.isReplica === true);
    const at = { owner: secret.arn.account, policy };
    if (!parts.budget.spendOnComparisons(size + (typeof policy === 'string' ? 0 : sizeOf([policy])))) {
      findings.add('access-undecided', role.arn, TOO_MUCH_WORK, need);
      decisions.set(number, 'undecided');
      continue;
    }
    const read = decideCall(role, { ...call, action: READ }, at);
    report(role, READ, { need, secret, decision: read }, findings);
    if (need.read.isDescribed === true) {
      const described = decideCall(role, { ...call, action: DESCRIBE }, at);
      report(role, DESCRIBE, { need, secret, decision: described }, findings);
    }
    decisions.set(number, worse(decisions.get(number), read.kind));
    checkKey(role, call, { need, secret }, findings);
  }
  checkAssumptions(role, use, parts);
  return decisions;
}

export const TOO_MUCH_WORK = 'its policies take too much work to evaluate';

function policiesOf({ policies, boundary }: AuditRole): readonly Policy[] {
  return [...policies.map(({ policy }) => policy), ...(boundary === undefined ? [] : [boundary.policy])];
}

const RANKS = { allowed: 0, undecided: 1, denied: 2 } as const;

function worse(a: Decision['kind'] | undefined, b: Decision['kind']): Decision['kind'] {
  return a !== undefined && RANKS[a] > RANKS[b] ? a : b;
}

interface Checked {
  readonly need: Need;
  readonly secret: KnownSecret;
  readonly decision: Decision;
}

function report(
  role: AuditRole,
  action: string,
  { need, secret, decision }: Checked,
  findings: AuditFindings,
) {
  if (decision.kind === 'allowed') return;
  const what = `${action} on ${secret.arn.text}`;
  if (decision.kind === 'denied')
    findings.add(
      'used-not-granted',
      role.arn,
      `does not allow ${what}: ${decision.reasons.join(', ')}`,
      need,
    );
  else if (decision.reasons.length > 0)
    findings.add(
      'access-undecided',
      role.arn,
      `whether it allows ${what} depends on ${decision.reasons.join(', ')}`,
      need,
    );
}

/** The key policy is not known, so only the role's half is checked. */
function checkKey(
  role: AuditRole,
  { context, resource }: { readonly context: RequestContext; readonly resource: string },
  { need, secret }: Omit<Checked, 'decision'>,
  findings: AuditFindings,
) {
  const key = secret.listed?.kmsKey;
  if (key === undefined || !/^arn:[\w-]+:kms:[\w-]+:\d{12}:key\//.test(key)) return;
  const { region } = secret.arn;
  const call = {
    action: 'kms:Decrypt',
    resource: key,
    context: new RequestContext(
      {
        'kms:ViaService': [`secretsmanager.${region}.${partitionOf(region).dnsSuffix}`],
        'kms:EncryptionContext:SecretARN': [resource],
        'kms:EncryptionContextKeys': ['SecretARN', 'SecretVersionId'],
      },
      [],
      context,
    ),
  };
  const { kind } = decideCall(role, call, { owner: role.account, policy: 'none' });
  if (kind === 'denied')
    findings.add(
      'decrypt-not-granted',
      role.arn,
      `does not allow kms:Decrypt with ${key} for ${secret.arn.text}`,
      need,
    );
}

function checkAssumptions(role: AuditRole, use: RoleUse, { findings }: AccessParts) {
  const context = roleContext(role, sessionKind(role, use));
  for (const [target, workloads] of use.assumes) {
    const call = { action: 'sts:AssumeRole', resource: target, context };
    // The trust policy of the other role is checked with that role.
    const { kind, reasons } = decideCall(role, call, { owner: role.account, policy: 'none' });
    const what = `sts:AssumeRole on ${target}`;
    const why = reasons.join(', ');
    if (kind === 'denied')
      findings.add('used-not-granted', role.arn, `does not allow ${what}: ${why}`, { workloads });
    else if (kind === 'undecided' && why !== '')
      findings.add('access-undecided', role.arn, `whether it allows ${what} depends on ${why}`, {
        workloads,
      });
  }
}
