/** Reads the pods and the roles of service accounts from files. */
import { field, textField } from '../../core/json.ts';
import { parseRoleArn, type RoleArn } from '../../core/names/role-arn.ts';
import { objectsOf, type PodTemplate, podTemplates } from '../../core/pod/pod-templates.ts';
import { quote } from '../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { readDocuments } from '../yaml/documents.ts';
import { findFiles } from './files.ts';
import { misplaced } from './misplaced.ts';
import { asReviewed, placeOf } from './render-text.ts';
import { readSource, sourceName } from './sources.ts';
import { LineNumbers, offsetOf, type TextPlace } from './template-places.ts';

/** The objects of a file that say what pods need. */
export interface ManifestFile {
  readonly templates: readonly PodTemplate[];
  /** Where the object of each template starts. */
  readonly places: ReadonlyMap<PodTemplate, TextPlace>;
  /** The roles that service accounts are annotated with, by `namespace/name`. */
  readonly roles: ReadonlyMap<string, RoleArn>;
  /** Events of a cluster. */
  readonly events: readonly unknown[];
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
  const events: unknown[] = [];
  const warnings: string[] = [];
  const places = new Map<PodTemplate, TextPlace>();
  const lines = new LineNumbers(source);
  for (const one of read.value) {
    const document = asReviewed(one.data);
    const found = podTemplates(document, defaultNamespace);
    templates.push(...found);
    for (const template of found) places.set(template, lines.placeOf(offsetOf(one, template.owner.path)));
    warnings.push(...misplaced(document, found, defaultNamespace));
    for (const { kind, content } of objectsOf(document, defaultNamespace))
      if (kind === 'Event') events.push(content);
    const accounts = rolesIn(document, defaultNamespace);
    for (const [account, role] of accounts.roles) roles.set(account, role);
    warnings.push(...accounts.warnings);
  }
  return ok({ templates, places, roles, events, warnings });
}

/** The roles that the service accounts of a document are annotated with. */
export function rolesIn(
  document: unknown,
  defaultNamespace: string,
): Pick<ManifestFile, 'roles' | 'warnings'> {
  const roles = new Map<string, RoleArn>();
  const warnings: string[] = [];
  for (const { content, kind, namespace, name: object } of objectsOf(document, defaultNamespace)) {
    const metadata = field(content, 'metadata');
    const name = textField(metadata, 'name');
    const text = textField(field(metadata, 'annotations'), ROLE_ANNOTATION);
    if (kind !== 'ServiceAccount' || name === undefined || text === undefined) continue;
    const role = parseRoleArn(text);
    if (role !== undefined) roles.set(`${namespace}/${name}`, role);
    else
      warnings.push(`${object}: the annotation ${ROLE_ANNOTATION} is not the ARN of a role: ${quote(text)}`);
  }
  return { roles, warnings };
}

export interface NamedManifests extends ManifestFile {
  /** The name of the source in messages. */
  readonly name: string;
}

export interface ManifestFiles {
  readonly files: readonly NamedManifests[];
  /** A line each, with the name of the file. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

/** Reads files and the files of folders. @param names paths, and `-` for standard input */
export function readManifestFiles(names: readonly string[], defaultNamespace: string): ManifestFiles {
  const found = findFiles(names);
  const problems = [...found.problems];
  const files: NamedManifests[] = [];
  for (const file of found.files) {
    const source = readSource(file);
    const manifests = source.ok ? readManifests(source.value, defaultNamespace) : undefined;
    const name = sourceName(file);
    if (!source.ok) problems.push(`${name}: ${source.problem}`);
    else if (manifests?.ok === false) problems.push(`${name}:${manifests.problem}`);
    else if (manifests !== undefined) files.push({ name, ...manifests.value });
  }
  const warnings = files.flatMap((one) => one.warnings.map((warning) => `${one.name}: ${warning}`));
  return { files, problems, warnings: [...found.warnings, ...warnings] };
}
