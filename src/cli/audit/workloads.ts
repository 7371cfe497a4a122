/** The workloads and running pods of manifests, or of the lists that kubectl prints. */
import { FETCHER_NAME } from '../../core/additions/injected-objects.ts';
import type { AuditPod, AuditWorkload } from '../../core/advice/audit/inputs.ts';
import { followedVersionsOfPod, workloadOfPod } from '../../core/advice/pod-versions.ts';
import { asArray, asObject, field, textField } from '../../core/json.ts';
import type { RoleArn } from '../../core/names/role-arn.ts';
import type { PodTemplate } from '../../core/pod/pod-templates.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { readAccess } from '../manifests/pod-access.ts';
import type { NamedManifests } from '../manifests/read-manifests.ts';
import type { ReportPlace } from '../report/result.ts';

export interface FoundWorkloads {
  readonly workloads: readonly AuditWorkload[];
  readonly pods: readonly AuditPod[];
  /** Where workloads are, by their names. */
  readonly places: ReadonlyMap<string, ReportPlace>;
  /** Why pods would be denied, a line each. */
  readonly problems: readonly string[];
}

export interface WorkloadSettings {
  /** The roles of service accounts, by `namespace/name`; they win over annotations. */
  readonly roles: ReadonlyMap<string, RoleArn>;
  readonly injection: InjectionSettings;
}

export function findWorkloads(
  files: readonly NamedManifests[],
  { roles: named, injection }: WorkloadSettings,
): FoundWorkloads {
  const roles = new Map([...files.flatMap((one) => [...one.roles]), ...named]);
  const known = new Set<string>();
  const places = new Map<string, ReportPlace>();
  const problems: string[] = [];
  const workloads: AuditWorkload[] = [];
  const pods: AuditPod[] = [];
  const running: (readonly [NamedManifests, PodTemplate])[] = [];
  const add = (file: NamedManifests, template: PodTemplate, name: string) => {
    const access = readAccess(template, roles, { ...injection, ...imageOf(template) });
    if (!access.ok) problems.push(...access.problem.map((problem) => `${file.name}: ${problem}`));
    else if (access.value !== undefined) {
      workloads.push({ name, access: access.value });
      const place = file.places.get(template);
      if (place !== undefined && !places.has(name)) places.set(name, { file: file.name, ...place });
    }
  };
  for (const file of files)
    for (const template of file.templates) {
      if (isRunning(template)) running.push([file, template]);
      // What a workload owns has the same template: a ReplicaSet that of its Deployment.
      else if (!isOwned(template)) {
        known.add(template.object);
        add(file, template, template.object);
      }
    }
  for (const [file, template] of running) {
    const content = template.owner.content;
    if (isOver(content)) continue;
    const name = objectName(workloadOfPod(content)) ?? template.object;
    const versions = followedVersionsOfPod(content);
    if (versions !== undefined) pods.push({ workload: name, versions });
    if (known.has(name) || ownedByListed(content, known)) continue;
    known.add(name);
    add(file, template, name);
  }
  return { workloads, pods, places, problems };
}

function isRunning({ owner }: PodTemplate): boolean {
  return owner.kind === 'Pod' && asObject(field(owner.content, 'status')) !== undefined;
}

function isOver(pod: unknown): boolean {
  const phase = textField(field(pod, 'status'), 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

function ownerOf(object: unknown): unknown {
  return asArray(field(field(object, 'metadata'), 'ownerReferences'))?.find(
    (one) => field(one, 'controller') === true,
  );
}

/** The owners of these kinds of objects are themselves in the lists. Others, such as operators, may not be. */
const OWNED_KINDS: ReadonlySet<string> = new Set(['ReplicaSet', 'Job']);
const LISTED_OWNERS: ReadonlySet<string> = new Set(['Deployment', 'CronJob', 'Rollout']);

function isOwned({ owner }: PodTemplate): boolean {
  return OWNED_KINDS.has(owner.kind) && LISTED_OWNERS.has(textField(ownerOf(owner.content), 'kind') ?? '');
}

/** Pods of a Job name it, and the Job of a CronJob has the name of the CronJob and a number. */
function ownedByListed(pod: unknown, known: ReadonlySet<string>): boolean {
  const owner = ownerOf(pod);
  const [kind, name] = [textField(owner, 'kind') ?? '', textField(owner, 'name') ?? ''];
  const namespace = textField(field(pod, 'metadata'), 'namespace') ?? '';
  if (known.has(`${kind}/${namespace}/${name}`)) return true;
  return kind === 'Job' && known.has(`CronJob/${namespace}/${name.replace(/-\d+$/, '')}`);
}

/** `Deployment shop/web` as `Deployment/shop/web`. */
function objectName(name: string | undefined): string | undefined {
  return name?.replace(' ', '/');
}

/** An injected pod is read with the image that it has. */
function imageOf({ pod }: PodTemplate): Partial<InjectionSettings> {
  const containers = asArray(field(field(pod, 'spec'), 'initContainers')) ?? [];
  const image = textField(
    containers.find((one) => field(one, 'name') === FETCHER_NAME),
    'image',
  );
  return image === undefined ? {} : { image };
}
