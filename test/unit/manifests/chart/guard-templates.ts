/** The policies of the chart, made from those of the kustomize base, so that each policy is written once. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MANIFESTS } from '../manifest-files.ts';

/** A file of policies, relative to manifests/, and the condition under which the chart contains it. */
interface Source {
  readonly file: string;
  readonly condition: string;
}

const GUARD = [
  'injected',
  'plan',
  'containers',
  'identity',
  'image',
  'ephemeral-containers',
  'not-opted-in',
  'workloads',
  'near-prefixes',
];

/** The sources by the name of the template. */
export const SOURCES: Readonly<Record<string, Source>> = {
  ...Object.fromEntries(
    GUARD.map((name) => [name, { file: `base/guard/${name}.yaml`, condition: '.Values.guard.enabled' }]),
  ),
  'no-native-variables': {
    file: 'components/no-native-variables/policy.yaml',
    // A value may be a boolean, which `eq` does not compare with a string.
    condition: 'eq (toString .Values.nativeVariables) "forbidden"',
  },
};

const LABELS = '{{- include "aws-secrets-injector.labels" (dict "root" $ "component" "guard") | nindent 4 }}';

/** Text that depends on the namespace of the release, or on a value. */
const REPLACEMENTS: readonly (readonly [string, string])[] = [
  [
    "['kube-system', 'kube-node-lease', 'aws-secrets-injector']",
    '{{ include "aws-secrets-injector.excludedNamespacesCel" . }}',
  ],
  ['in the namespace aws-secrets-injector', 'in the namespace {{ .Release.Namespace }}'],
  ['    namespace: aws-secrets-injector\n', '    namespace: {{ .Release.Namespace }}\n'],
];

/** The text of a template. @throws Error if the source contains a template, or a namespace in an unknown place */
export function guardTemplate({ file, condition }: Source): string {
  const text = readFileSync(path.join(MANIFESTS, file), 'utf8');
  if (text.includes('{{')) throw new Error(`${file} contains {{, which a template would evaluate`);
  const policies = text
    .split(/^---\n/m)
    // The ConfigMap is templates/guard-config.yaml: its data are values.
    .map((document) => (/^kind: ConfigMap$/m.test(document) ? leadingComment(document) : document))
    .map(withLabels);
  const body = REPLACEMENTS.reduce((all, [from, to]) => all.replaceAll(from, to), joined(policies));
  const left = body.replace(/aws-secrets-injector[.-]/g, '').match(/namespace[s:]? .*aws-secrets-injector/);
  if (left !== null) throw new Error(`${file} contains the namespace in an unknown place: ${left[0]}`);
  return [
    `{{- if ${condition} }}`,
    `# Generated from manifests/${file} (update with UPDATE_MANIFESTS=1 ./scripts/test unit).`,
    body.trimEnd(),
    '{{- end }}',
    '',
  ].join('\n');
}

function leadingComment(document: string): string {
  return /^(?:#.*\n)*/.exec(document)?.[0] ?? '';
}

/** Comments without an object belong to the next document. */
function joined(documents: readonly string[]): string {
  const [first = '', ...rest] = documents;
  return rest.reduce((all, next) => all + (all.includes('kind:') ? '---\n' : '') + next, first);
}

function withLabels(document: string): string {
  return document
    .replace(/^ *# (?:generated: .*|end of .*)\n/gm, '')
    .replace(/^(metadata:\n {2}name: .*\n)(?: {2}labels:\n(?: {4}.*\n)+)?/m, `$1  labels:\n    ${LABELS}\n`);
}
