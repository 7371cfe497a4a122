/**
 * The annotations of Vault's agent injector, by their shape: which files a pod gets, with which content. The values have to
 * be copied to Secrets Manager.
 */
import { annotationKey } from '../../../names/annotation-keys.ts';
import { filePathFault } from '../../../names/paths.ts';
import { FILE_MODE } from '../../../plan/file-mode.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { readTemplate } from '../external-secrets/template.ts';
import type { Request } from '../form-text.ts';
import { locate } from '../locate.ts';
import { gap, type StoredSecret, type Value } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';
import { containersOf, type Use } from '../use.ts';
import { annotationPath, annotationsOf, NO_TOOL, type PodTool, type ReadingPod } from './pod-tool.ts';

const PREFIX = 'vault.hashicorp.com/';
const SECRET = 'agent-inject-secret-';
const TEMPLATE = 'agent-inject-template-';
/** Options that have the same meaning here. */
const OPTIONS: Readonly<Record<string, Parameters<typeof annotationKey>[0]>> = {
  'agent-limits-cpu': 'cpu-limit',
  'agent-requests-cpu': 'cpu-request',
  'agent-limits-mem': 'memory-limit',
  'agent-requests-mem': 'memory-request',
  'agent-run-as-user': 'run-as-user',
  'agent-run-as-group': 'run-as-group',
};
/** The interval at which the agent renders static secrets. */
const DEFAULT_REFRESH = 300;

export function readVaultAgent({ pod, report, options }: ReadingPod): PodTool {
  const annotations = annotationsOf(pod, PREFIX);
  if (annotations.get('agent-inject') !== 'true') return NO_TOOL;
  const names = [...annotations.keys()].flatMap((key) =>
    key.startsWith(SECRET) || key.startsWith(TEMPLATE)
      ? [key.replace(/^agent-inject-(?:secret|template)-/, '')]
      : [],
  );
  const isOnce = annotations.get('agent-pre-populate-only') === 'true';
  const uses = [...new Set(names)].map((name): Use => {
    const directory = annotations.get(`secret-volume-path-${name}`) ?? annotations.get('secret-volume-path');
    return {
      field: `annotation ${PREFIX}${SECRET}${name}`,
      removes: [],
      containers: receivers(pod, annotations.get('agent-inject-containers')),
      supplies: [],
      requests: fileOf(name, annotations, options),
      mount: { path: directory ?? '/vault/secrets', volume: name },
      refresh: isOnce ? undefined : DEFAULT_REFRESH,
      changed:
        'expects a copy of the value in Secrets Manager, under the name of the Vault path without its mount',
    };
  });
  // The agent mounts its files at the same path, so it goes with all of them or not at all.
  const broken = uses.find(({ requests }) => !requests.ok);
  if (broken !== undefined) {
    const others = gap('another secret of the Vault agent is not carried', 'migrate all of them together');
    return { ...NO_TOOL, uses: uses.map((use) => (use.requests.ok ? { ...use, requests: others } : use)) };
  }
  const carried = uses.length === 0 ? {} : reportOptions(annotations, report);
  const paths = [...annotations.keys()].map((key) => annotationPath(`${PREFIX}${key}`));
  return {
    uses: uses.map((use, index) => (index === 0 ? { ...use, removes: paths } : use)),
    removes: [],
    options: carried,
  };
}

function receivers(pod: unknown, written: string | undefined): readonly string[] {
  const all = containersOf(pod).map(({ name }) => name);
  const named = written?.split(',').map((name) => name.trim());
  return named === undefined ? all : all.filter((name) => named.includes(name));
}

function fileOf(
  name: string,
  annotations: ReadonlyMap<string, string>,
  options: ReadingPod['options'],
): Result<readonly Request[], Gap> {
  const of = (key: string) => annotations.get(`${key}-${name}`);
  const isExact = (of('preserve-secret-case') ?? annotations.get('preserve-secret-case')) === 'true';
  const path = of('agent-inject-file') ?? (isExact ? name : name.toLowerCase());
  const fault = filePathFault(path);
  if (fault !== undefined) return gap(`the file name ${quote(path)} ${fault}`, 'give the file another name');
  if (of('agent-inject-template-file') !== undefined)
    return gap(
      'the template is in a file of the agent',
      'write it into the annotation secrets, field template',
    );
  const template = of('agent-inject-template');
  const value =
    template === undefined
      ? wholeOf(of('agent-inject-secret') ?? '', options)
      : templateOf(template, options);
  if (!value.ok) return value;
  const permissions = of('agent-inject-perms') ?? '';
  const mode = FILE_MODE.test(permissions) && /[4-7]$/.test(permissions) ? { mode: permissions } : {};
  return ok([{ kind: 'file', path, value: { ...value.value, ...mode }, isOptional: false }]);
}

function wholeOf(path: string, options: ReadingPod['options']): Result<Value, Gap> {
  const secret = secretAt(path, options);
  return secret.ok ? ok({ secret: secret.value }) : secret;
}

/** The secret with the values of a path of a key-value engine. */
function secretAt(path: string, options: ReadingPod['options']): Result<StoredSecret, Gap> {
  const [mount = '', first = '', ...rest] = path.replace(/^\/+/, '').split('/');
  const name = [...(first === 'data' ? [] : [first]), ...rest].join('/');
  if (
    /^(?:creds|issue|sign|token|login)$/.test(first) ||
    /^(?:database|pki|aws|ssh|totp|transit)$/.test(mount)
  )
    return gap(
      `the Vault path ${quote(path)} makes new values for each pod`,
      'use a secret with rotation (docs/guides/rotation-database.md), or keep the agent',
    );
  const located = locate(name, { region: undefined, account: undefined }, options);
  return located.ok ? ok({ arn: located.value.arn }) : located;
}

const WITH = /^\s*\{\{-?\s*with secret "([^"]+)"\s*(-?)\}\}(.*)\{\{(-?)\s*end\s*-?\}\}\s*$/s;

function templateOf(template: string, options: ReadingPod['options']): Result<Value, Gap> {
  const [, path, trimsStart, inner = '', trimsEnd] = WITH.exec(template) ?? [];
  if (path === undefined)
    return gap(
      'the template uses more than one secret or more than insertions',
      'write the file in the annotation secrets, field template',
    );
  const secret = secretAt(path, options);
  if (!secret.ok) return secret;
  const start = trimsStart === '-' ? inner.trimStart() : inner;
  const text = trimsEnd === '-' ? start.trimEnd() : start;
  const plain = text.replaceAll(/\.Data\.(?:data\.)?(?=[A-Za-z_])/g, '.');
  return readTemplate(plain, (key) => ok({ secret: secret.value, key }));
}

function reportOptions(
  annotations: ReadonlyMap<string, string>,
  report: ObjectReport,
): Readonly<Record<string, string>> {
  const options: Record<string, string> = {};
  for (const [key, value] of annotations) {
    const at = `annotation ${PREFIX}${key}`;
    const option = Object.hasOwn(OPTIONS, key) ? OPTIONS[key] : undefined;
    if (option !== undefined) {
      options[annotationKey(option)] = value;
      report.carried(at, `annotation ${option}`);
    } else if (key.startsWith('agent-inject-command-'))
      report.notCarried(at, {
        why: 'the injector runs no commands',
        instead: 'use the annotation on-change with a signal or a URL',
      });
    else if (key === 'role')
      report.changed(
        at,
        'the pod signs in to AWS with the IAM role of its service account: give it access to the secrets',
      );
    else if (!/^agent-inject-(?:secret|template)-/.test(key))
      report.changed(
        at,
        DESCRIBED.find(([pattern]) => pattern.test(key))?.[1] ??
          'is about the Vault agent, and has no meaning without it',
      );
  }
  return options;
}

const DESCRIBED: readonly (readonly [RegExp, string])[] = [
  [/^agent-inject$/, 'requests turn the injection on'],
  [/^agent-inject-file-|^preserve-secret-case|^secret-volume-path/, 'the paths of the files'],
  [/^agent-inject-perms-/, 'mode, if the application can read such a file'],
  [/^agent-inject-containers$/, 'the containers of the entries'],
  [/^agent-pre-populate-only$/, 'with refresh, files are updated while the pod runs; without, once'],
  [/^agent-init-first$/, 'the fetcher is always the first init container'],
];
