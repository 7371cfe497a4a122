/** Reads what the pods of manifests need from AWS. */
import { accessOf, type PodAccess } from '../../core/advice/access.ts';
import { decide } from '../../core/decide/decide.ts';
import { field, textField } from '../../core/json.ts';
import { parseRoleArn, type RoleArn } from '../../core/names/role-arn.ts';
import { formatProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { readDocuments } from '../yaml/documents.ts';
import { misplaced } from './misplaced.ts';
import { objectsOf, type PodTemplate, podTemplates } from './pod-templates.ts';
import { asReviewed, placeOf } from './render-text.ts';

/** The objects of a file that say what pods need. */
export interface ManifestFile {
  readonly templates: readonly PodTemplate[];
  /** The roles that service accounts are annotated with, by `namespace/name`. */
  readonly roles: ReadonlyMap<string, RoleArn>;
  /** A line each. */
  readonly warnings: readonly string[];
}

const BYTE_ORDER_MARK = '\ufeff';
/** The annotation of the pod identity webhook (aws/amazon-eks-pod-identity-webhook, README). */
const ROLE_ANNOTATION = 'eks.amazonaws.com/role-arn';

/** Reads a file. The problem starts with the line and the column. */
export function readManifests(text: string, defaultNamespace: string): Result<ManifestFile, string> {
  const source = text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
  const read = readDocuments(source);
  if (!read.ok) {
    const { line, column } = placeOf(source, read.problem.offset);
    return failed(`${line}:${column}: kubectl cannot read it: ${read.problem.wrong}`);
  }
  const templates: PodTemplate[] = [];
  const roles = new Map<string, RoleArn>();
  const warnings: string[] = [];
  for (const { data } of read.value) {
    const document = asReviewed(data);
    const found = podTemplates(document, defaultNamespace);
    templates.push(...found);
    warnings.push(...misplaced(document, found, defaultNamespace));
    readRoles(document, defaultNamespace, { roles, warnings });
  }
  return ok({ templates, roles, warnings });
}

function readRoles(
  document: unknown,
  defaultNamespace: string,
  found: { readonly roles: Map<string, RoleArn>; readonly warnings: string[] },
): void {
  for (const { content, kind, namespace, name: object } of objectsOf(document, defaultNamespace)) {
    const metadata = field(content, 'metadata');
    const name = textField(metadata, 'name');
    const text = textField(field(metadata, 'annotations'), ROLE_ANNOTATION);
    if (kind !== 'ServiceAccount' || name === undefined || text === undefined) continue;
    const role = parseRoleArn(text);
    if (role !== undefined) found.roles.set(`${namespace}/${name}`, role);
    else
      found.warnings.push(
        `${object}: the annotation ${ROLE_ANNOTATION} is not the ARN of a role: ${quote(text)}`,
      );
  }
}

/** What a pod needs; undefined if it requests no secret. The problems say why the webhook would deny it. */
export function readAccess(
  { pod, namespace, object }: PodTemplate,
  roles: ReadonlyMap<string, RoleArn>,
  settings: InjectionSettings,
): Result<PodAccess | undefined, readonly string[]> {
  const decision = decide(pod, namespace, settings);
  switch (decision.kind) {
    case 'unchanged':
      return ok(undefined);
    case 'denied':
      return failed(decision.problems.map((problem) => `${object}: ${formatProblem(problem)}`));
    case 'inject': {
      const access = accessOf(decision, namespace, roles);
      const wrong = invalidName(access.serviceAccount);
      return wrong === undefined ? ok(access) : failed([`${object}: ${wrong}`]);
    }
  }
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const MOST_NAME = 253;

/** Names become parts of policies, where `*` and `${…}` have a meaning. */
function invalidName({ namespace, name }: PodAccess['serviceAccount']): string | undefined {
  if (!NAMESPACE.test(namespace)) return `${quote(namespace)} is not a valid name of a namespace`;
  return name.length <= MOST_NAME && NAME.test(name)
    ? undefined
    : `${quote(name)} is not a valid name of a service account`;
}
