/** The pod and the secrets of the examples in docs/reference/annotations.md. */
import jsonpatch from 'fast-json-patch';
import type { Outcome } from '../../../src/core/decide/outcome.ts';
import { decideInjection } from '../../../src/core/inject.ts';
import { selectByJmesPath } from '../../../src/core/jmespath/index.ts';
import { PREFIX } from '../../../src/core/names/prefix.ts';
import { VERSIONS_KEY } from '../../../src/core/names/rollout-keys.ts';
import {
  PLAN_VARIABLE,
  type Plan,
  type PlanSecret,
  type PlanView,
  receiverNames,
} from '../../../src/core/plan/plan.ts';
import { readPlan } from '../../../src/core/plan/read-plan.ts';
import { formatVersionMap } from '../../../src/core/plan/version-map.ts';
import { type RenderedFile, renderViews } from '../../../src/core/render/render.ts';
import { SecretValue } from '../../../src/core/secret/secret-value.ts';
import type { InjectionSettings } from '../../../src/core/settings.ts';
import { renderTemplate } from '../../../src/core/template/index.ts';

const VERSION_ID = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c11';
const arnOf = (name: string) => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}`;

export const ALIASES = { 'secret.db': arnOf('prod/db-AbCdEf'), 'secret.tls': arnOf('prod/tls-CdEfGh') };

/** The secret that the page shows. */
export const DB =
  '{"username":"app","password":"p@ss word","port":5432,"endpoints":[{"host":"db-1","port":6432}]}';

const block = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const TLS = JSON.stringify({
  license: 'aGVsbG8=',
  bundle: block('PRIVATE KEY', 'S0VZ') + block('CERTIFICATE', 'Q0VSVA=='),
});

/** Other versions have another password. */
function secretOf({ arn, stage, versionId }: PlanSecret): SecretValue {
  if (arn === ALIASES['secret.tls']) return new SecretValue(TLS);
  if (arn !== ALIASES['secret.db']) return new SecretValue('hunter2');
  const isCurrent = stage === undefined && versionId === undefined;
  return new SecretValue(isCurrent ? DB : DB.replace('p@ss word', 'older'));
}

const NAMES = ['app', 'worker'];
const CONTAINERS = NAMES.map((name) => ({ name, image: `shop/${name}:1`, command: ['sh', '-c', 'run'] }));

function podWith(annotations: Readonly<Record<string, string>>): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web',
      annotations: {
        ...Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`${PREFIX}${key}`, value])),
        // As the rollout controller records them.
        [VERSIONS_KEY]: formatVersionMap(new Map(Object.values(ALIASES).map((arn) => [arn, VERSION_ID]))),
      },
    },
    // Files are then readable by this user only.
    spec: { securityContext: { runAsUser: 1000 }, containers: CONTAINERS },
  };
}

const SETTINGS: InjectionSettings = {
  image: 'registry.example/aws-secrets-injector:1.2.3',
  sidecars: { can: true },
};

/** The decision about the pod. @param annotations without the prefix */
export function outcomeWith(annotations: Readonly<Record<string, string>>): Outcome {
  return decideInjection(podWith(annotations), { namespace: 'shop' }, SETTINGS);
}

export type Shown =
  | { readonly kind: 'denied'; readonly codes: readonly string[] }
  | {
      readonly kind: 'injected';
      readonly warnings: readonly string[];
      readonly views: readonly {
        /** Undefined for all containers of the pod. */
        readonly containers: readonly string[] | undefined;
        /** The lines of the env file, and the files with their content. */
        readonly parts: readonly string[];
      }[];
    };

/** The files that annotations lead to. @throws Error if the pod stays unchanged, or a value cannot be rendered */
export function showOf(annotations: Readonly<Record<string, string>>): Shown {
  const outcome = outcomeWith(annotations);
  if (outcome.kind === 'denied')
    return { kind: 'denied', codes: outcome.problems.map((problem) => problem.code) };
  if (outcome.kind !== 'injected') throw new Error(`${outcome.kind}: ${Object.keys(annotations).join()}`);
  const plan = planOf(annotations, outcome.patch);
  const rendered = renderViews(plan, plan.secrets.map(secretOf), { selectByJmesPath, renderTemplate });
  if (!rendered.ok) throw new Error(JSON.stringify(rendered));
  const views = plan.views.map((view, index) => {
    const names = receiverNames(view.receivers);
    return {
      containers: names.length === NAMES.length ? undefined : names,
      parts: (rendered.value[index]?.files ?? []).flatMap((file) => partsOf(file, view)),
    };
  });
  return { kind: 'injected', warnings: outcome.warnings, views };
}

function partsOf({ path, content, mode }: RenderedFile, view: PlanView): readonly string[] {
  const text = content.revealText() ?? '';
  if (path === 'env') return text.split('\n').slice(0, -1);
  const own = mode === Number.parseInt(view.fileMode, 8) ? '' : ` (0${mode.toString(8)})`;
  return [`${path}${own}: ${text.trimEnd().replaceAll('\n', '⏎')}`];
}

function planOf(annotations: Readonly<Record<string, string>>, patch: readonly unknown[]): Plan {
  const pod = jsonpatch.applyPatch(
    structuredClone(podWith(annotations)) as { spec: { initContainers?: readonly Container[] } },
    structuredClone(patch) as jsonpatch.Operation[],
  ).newDocument;
  const [fetcher] = pod.spec.initContainers ?? [];
  const text = fetcher?.env.find((one) => one.name === PLAN_VARIABLE)?.value ?? '';
  const read = readPlan(text);
  if (!read.ok) throw new Error(read.problem.wrong);
  return read.value.plan;
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
}
