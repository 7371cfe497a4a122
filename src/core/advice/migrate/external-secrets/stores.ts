/** SecretStore and ClusterSecretStore: where External Secrets looks for secrets, and as whom. */
import { asArray, field, textField } from '../../../json.ts';
import { parseRoleArn } from '../../../names/role-arn.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Locating, Place } from '../locate.ts';
import { gap, type Identity, type SourceObject } from '../model.ts';
import { type Gap, ObjectReport } from '../report.ts';

export interface Store extends Place {
  readonly prefix: string;
  readonly identity: Identity;
  /** Whether the flags stand for it, because the manifests do not contain it. */
  readonly isAssumed?: true;
}

export interface Stores {
  readonly reports: readonly ObjectReport[];
  /** The store that a reference names, in a namespace. */
  find(reference: unknown, namespace: string): Result<Store, Gap>;
}

export interface StoreOptions extends Locating {
  /** Whether pods use their own identity instead of the roles of stores. */
  readonly ownIdentity: boolean;
}

/** Reads the stores of the manifests. */
export function readStores(objects: readonly SourceObject[], options: StoreOptions): Stores {
  const roles = serviceAccountRoles(objects);
  const stores = new Map<string, Result<Store, Gap>>();
  const reports: ObjectReport[] = [];
  for (const object of objects) {
    const isCluster = object.kind === 'ClusterSecretStore';
    if (!isCluster && object.kind !== 'SecretStore') continue;
    const report = new ObjectReport(object.title);
    reports.push(report);
    stores.set(
      keyOf(object.kind, isCluster ? '' : object.namespace, object.name),
      readStore(object, report, { ...options, roles }),
    );
  }
  return {
    reports,
    find: (reference, namespace) => {
      const name = textField(reference, 'name') ?? '';
      const kind = textField(reference, 'kind') ?? 'SecretStore';
      const known = stores.get(keyOf(kind, kind === 'ClusterSecretStore' ? '' : namespace, name));
      return known ?? withoutStore(kind, name, options);
    },
  };
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind}/${namespace}/${name}`;
}

/** Flags stand for a store that is not in the manifests. */
function withoutStore(kind: string, name: string, { region }: StoreOptions): Result<Store, Gap> {
  if (region !== undefined)
    return ok({ region, account: undefined, prefix: '', identity: {}, isAssumed: true });
  return gap(
    `the ${kind} ${quote(name)} is not in these manifests`,
    'add it to the input, or set --region and --account if it uses Secrets Manager',
  );
}

interface Reading extends StoreOptions {
  readonly roles: ReadonlyMap<string, string>;
}

function readStore(object: SourceObject, report: ObjectReport, reading: Reading): Result<Store, Gap> {
  const spec = field(object.content, 'spec');
  const aws = field(field(spec, 'provider'), 'aws');
  const service = textField(aws, 'service') ?? 'SecretsManager';
  if (aws === undefined || service !== 'SecretsManager') {
    const unsupported: Gap =
      aws === undefined
        ? {
            why: 'the store does not use AWS',
            instead: 'keep it: the injector reads AWS Secrets Manager only',
          }
        : {
            why: `the store uses the service ${quote(service)}`,
            instead: 'keep it, or move its values to AWS Secrets Manager',
          };
    report.leave(unsupported);
    return { ok: false, problem: unsupported };
  }
  report.carried('spec.provider.aws.service', 'AWS Secrets Manager');
  const region = textField(aws, 'region');
  if (region !== undefined) report.carried('spec.provider.aws.region', 'part of the ARNs');
  const prefix = textField(aws, 'prefix') ?? '';
  if (prefix !== '') report.carried('spec.provider.aws.prefix', 'part of the ARNs');
  const identity = readIdentity(aws, object, report, reading);
  reportRest(spec, report);
  report.finish('spec', spec);
  return ok({ region, prefix, ...identity });
}

/** @returns the account whose secrets the identity finds by their names, if it is known */
function readIdentity(
  aws: unknown,
  object: SourceObject,
  report: ObjectReport,
  { roles, ownIdentity }: Reading,
): { readonly account: string | undefined; readonly identity: Identity } {
  const at = 'spec.provider.aws';
  const role = textField(aws, 'role');
  const externalId = textField(aws, 'externalID');
  const reference = field(field(field(aws, 'auth'), 'jwt'), 'serviceAccountRef');
  const account = textField(reference, 'name');
  const accountRole = roles.get(`${textField(reference, 'namespace') ?? object.namespace}/${account ?? ''}`);
  if (reference !== undefined)
    report.changed(
      `${at}.auth.jwt`,
      `pods sign in with their own service account instead of ${quote(account ?? '')}: give its role the permissions that iam-policy prints`,
    );
  if (field(field(aws, 'auth'), 'secretRef') !== undefined)
    report.notCarried(`${at}.auth.secretRef`, {
      why: 'the injector never uses static keys',
      instead: 'give the service account of each pod an IAM role, with IRSA or EKS Pod Identity',
    });
  const arn = role === undefined ? undefined : parseRoleArn(role);
  const isUsed = arn !== undefined && !ownIdentity;
  if (role !== undefined) {
    if (isUsed)
      report.changed(
        `${at}.role`,
        'annotation assume-role-arn: the identity of the pod assumes the role, not that of the controller, so the trust policy of the role must allow it; --own-identity leaves the role out',
      );
    else
      report.changed(
        `${at}.role`,
        ownIdentity
          ? 'left out by --own-identity: pods read the secrets with their own role'
          : 'left out, because it is not the ARN of a role: pods read the secrets with their own role',
      );
  }
  if (externalId !== undefined) {
    if (isUsed) report.carried(`${at}.externalID`, 'annotation external-id');
    else report.changed(`${at}.externalID`, 'left out with the role');
  }
  return {
    account: (arn ?? parseRoleArn(accountRole ?? ''))?.account,
    identity: isUsed ? { assumeRole: arn.text, ...(externalId === undefined ? {} : { externalId }) } : {},
  };
}

function reportRest(spec: unknown, report: ObjectReport): void {
  const at = 'spec.provider.aws';
  const aws = field(field(spec, 'provider'), 'aws');
  const notCarried = (name: string, why: string, instead: string) => {
    if (field(aws, name) !== undefined) report.notCarried(`${at}.${name}`, { why, instead });
  };
  notCarried(
    'additionalRoles',
    'the injector assumes one role',
    'let the trust policy of the last role allow the role of the pods',
  );
  for (const name of ['sessionTags', 'transitiveTagKeys', 'sessionTagsPolicy', 'customSessionTags'])
    notCarried(
      name,
      'the injector sets session tags of its own',
      'use the tags kubernetes-namespace, kubernetes-service-account and kubernetes-pod-name in policies',
    );
  notCarried('secretsManager', 'it is about deleting secrets', 'keep the store for PushSecret');
  for (const name of ['retrySettings', 'refreshInterval'])
    if (field(spec, name) !== undefined)
      report.changed(
        `spec.${name}`,
        'the fetcher of each pod retries until its own deadline, annotation fetch-timeout',
      );
  if (textField(spec, 'controller') !== undefined)
    report.changed('spec.controller', 'has no meaning without the controller');
  if (asArray(field(spec, 'conditions')) !== undefined)
    report.notCarried('spec.conditions', {
      why: 'limits which namespaces may use the store',
      instead: "use the operator's policy (docs/guides/policy.md) and the IAM policies of the roles",
    });
}

/** The roles of annotated service accounts, by `namespace/name`. */
function serviceAccountRoles(objects: readonly SourceObject[]): ReadonlyMap<string, string> {
  return new Map(
    objects.flatMap(({ kind, namespace, name, content }) => {
      const annotations = field(field(content, 'metadata'), 'annotations');
      const role = textField(annotations, 'eks.amazonaws.com/role-arn');
      return kind === 'ServiceAccount' && role !== undefined ? [[`${namespace}/${name}`, role] as const] : [];
    }),
  );
}
