/** The decision about one pod: leave it, refuse it, or inject by this plan. It reads as the policy. */
import { type AnnotationSet, annotationKey, readAnnotations } from './annotations.ts';
import { FETCHER_NAME, VIEW_VOLUME } from './injected-objects.ts';
import { field, textField } from './json.ts';
import { type EnvMode, type Options, parseOptions } from './options.ts';
import { conflict, type EarlierPass, findEarlierPass } from './ours.ts';
import { type Denied, type Unchanged, unchanged } from './outcome.ts';
import { covers } from './paths.ts';
import { ENV_FILE, formatPlan, MAX_PLAN_BYTES, PLAN_VERSION, type Plan, type PlanView } from './plan.ts';
import { type Container, isMeshProxy, isNativeSidecar, isWindows, type Pod, readPod } from './pod.ts';
import type { Problem } from './problems.ts';
import { printable, quote } from './quote.ts';
import { recipientsOf } from './recipients.ts';
import { type References, readReferences } from './references.ts';
import { MAX_VOLUME_BYTES, viewBytes } from './resources.ts';
import { fetcherIdentity, type Identity } from './security.ts';
import type { InjectionSettings } from './settings.ts';
import { resolveEnvMode } from './shell-mode.ts';

/** A container that receives the secrets, and how its variables reach it. */
export interface Recipient {
  readonly container: Container;
  readonly envMode: 'shell' | 'file';
}

export interface Injection {
  readonly kind: 'inject';
  readonly pod: Pod;
  readonly plan: Plan;
  readonly planText: string;
  readonly options: Options;
  readonly identity: Identity;
  readonly recipients: readonly Recipient[];
  readonly earlier: EarlierPass | undefined;
  /** Where among the init containers the fetcher stands or goes. */
  readonly fetcherIndex: number;
  readonly volumeBytes: number;
  readonly references: number;
  readonly warnings: readonly string[];
}

/** Decides about a pod. All problems are gathered before anything is refused. */
export function decide(json: unknown, settings: InjectionSettings): Injection | Unchanged | Denied {
  const annotations = field(field(json, 'metadata'), 'annotations');
  const set = readAnnotations(annotations);
  if (set === undefined) return unchanged('not-asked');
  if (set.options.get('inject') === 'false') return unchanged('inject-false');
  if (field(annotations, 'kubernetes.io/config.mirror') !== undefined) return unchanged('mirror-pod');

  const problems: Problem[] = [...set.problems];
  const warnings: string[] = [];
  const options = parseOptions(set.options, settings, problems);
  const references = readReferences(set, settings, problems, warnings);
  const pod = readPod(json);
  if ('code' in pod) return denied([...problems, pod]);
  const asksNothing = set.asks.every((ask) => ask.family === 'secret');
  if (asksNothing && problems.length === 0) return unchanged('nothing-asked', warnings);
  if (isWindows(pod)) problems.push(windows());

  const earlier = findEarlierPass(pod, settings);
  if (earlier !== undefined && 'code' in earlier) return denied([...problems, earlier]);
  const fetcherIndex = earlier?.container.index ?? indexForFetcher(pod);
  const recorded = earlier?.plan.views[0];
  const receiving = recipientsOf(pod, options, recorded?.containers, fetcherIndex, problems);
  const recipients = readRecipients(receiving, set, options, references, problems);
  const derived = fetcherIdentity(pod, receiving, options);
  const identity = recorded === undefined ? derived : { ...derived, fileMode: recorded.fileMode };
  const plan = makePlan(references, receiving, identity, options, recorded);
  const planText = formatPlan(plan);
  if (planText.length * 3 > MAX_PLAN_BYTES && new TextEncoder().encode(planText).length > MAX_PLAN_BYTES) {
    problems.push(planTooLarge());
  }
  const volumeBytes = viewBytes(references.count);
  if (volumeBytes > MAX_VOLUME_BYTES) problems.push(volumeTooLarge(references.count));
  problems.push(...occupiedNames(pod, receiving, options.mountPath));
  if (problems.length === 0 && earlier !== undefined && earlier.planText !== planText) {
    problems.push(
      conflict(
        `initContainers[${earlier.container.index}]`,
        'has a plan that does not follow from the annotations',
      ),
    );
  }
  if (problems.length > 0) return denied(problems);
  return {
    kind: 'inject',
    pod,
    plan,
    planText,
    options,
    identity,
    recipients,
    earlier,
    fetcherIndex,
    volumeBytes,
    references: references.count,
    warnings,
  };
}

function denied(problems: readonly Problem[]): Denied {
  const [first, ...others] = problems;
  if (first === undefined) throw new RangeError('a denial needs a problem');
  return { kind: 'denied', problems: [first, ...others] };
}

/** First, but after a mesh proxy that is a native sidecar: traffic may have to go through it. */
function indexForFetcher(pod: Pod): number {
  const lastProxy = pod.initContainers.findLast((one) => isMeshProxy(one) && isNativeSidecar(one));
  return lastProxy === undefined ? 0 : lastProxy.index + 1;
}

function readRecipients(
  receiving: readonly Container[],
  set: AnnotationSet,
  options: Options,
  references: References,
  problems: Problem[],
): readonly Recipient[] {
  const hasVariables = references.env.length > 0 || references.envFrom.length > 0;
  const names = new Set(references.env.map((entry) => entry.name));
  return receiving.map((container) => {
    for (const entry of container.env) {
      const name = textField(entry, 'name') ?? '';
      if (names.has(name)) problems.push(alreadySet(name, container));
    }
    const mode = hasVariables ? resolveEnvMode(options.envMode, container, envFilePath(options)) : 'file';
    if (typeof mode === 'string') return { container, envMode: mode };
    // Without this an earlier problem of the same option would be told twice.
    if (isKnownMode(set, options.envMode)) problems.push(mode);
    return { container, envMode: 'file' };
  });
}

function isKnownMode(set: AnnotationSet, mode: EnvMode): boolean {
  const written = set.options.get('env-mode');
  return written === undefined || written === mode;
}

/** The env file as receiving containers see it. */
export function envFilePath(options: Options): string {
  return `${options.mountPath}/${ENV_FILE}`;
}

function makePlan(
  references: References,
  receiving: readonly Container[],
  identity: Identity,
  options: Options,
  recorded: PlanView | undefined,
): Plan {
  const view: PlanView = {
    volume: VIEW_VOLUME,
    containers: receiving.map((container) => container.name),
    fileMode: identity.fileMode,
    format: 'shell',
    env: references.env,
    envFrom: references.envFrom,
    files: references.files,
    filesFrom: references.filesFrom,
    declared: recorded?.declared ?? (references.envFrom.length > 0 ? declaredBy(receiving) : []),
  };
  return {
    version: PLAN_VERSION,
    timeoutSeconds: options.timeoutSeconds,
    secrets: references.secrets,
    views: [view],
  };
}

/** Names of the variables that the containers declare themselves, sorted. */
function declaredBy(containers: readonly Container[]): readonly string[] {
  const names = new Set<string>();
  for (const container of containers) {
    for (const entry of container.env) names.add(textField(entry, 'name') ?? '');
  }
  return [...names].sort();
}

/** Mounts and volumes that are in the way of ours. */
function occupiedNames(pod: Pod, receiving: readonly Container[], mountPath: string): readonly Problem[] {
  const problems: Problem[] = [];
  for (const container of receiving) {
    for (const mount of container.mounts) {
      const path = textField(mount, 'mountPath') ?? '';
      if (textField(mount, 'name') !== VIEW_VOLUME && covers(mountPath, path)) {
        problems.push({
          code: 'MOUNT_PATH_TAKEN',
          subject: annotationKey('mount-path'),
          wrong: `container ${quote(container.name)} already mounts something at ${quote(path)}, which a mount at ${quote(mountPath)} would hide`,
          expected: 'choose a directory of its own',
        });
      }
    }
  }
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (container.name === FETCHER_NAME) continue;
    const mount = container.mounts.find((one) => textField(one, 'name') === VIEW_VOLUME);
    if (mount === undefined) continue;
    const subject = `${container.list}[${container.index}].volumeMounts`;
    if (!receiving.includes(container))
      problems.push(conflict(subject, 'is mounted by a container that does not receive the secrets'));
    else if (textField(mount, 'mountPath') !== mountPath)
      problems.push(conflict(subject, `is mounted elsewhere than at ${quote(mountPath)}`));
  }
  return problems;
}

function alreadySet(name: string, container: Container): Problem {
  return {
    code: 'ENV_ALREADY_SET',
    subject: annotationKey('env', name),
    wrong: `container ${quote(container.name)} already declares the variable ${quote(name)}`,
    expected: 'remove one of the two: which one wins would depend on the order',
  };
}

function windows(): Problem {
  return {
    code: 'POD_WINDOWS',
    subject: 'spec.os',
    wrong: 'the pod is for Windows nodes, where there are no memory-backed volumes',
    expected: `remove the annotations, or set ${annotationKey('inject')} to "false"`,
  };
}

function planTooLarge(): Problem {
  return {
    code: 'PLAN_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `the references make a plan of more than ${MAX_PLAN_BYTES / 1024} KiB`,
    expected:
      'ask for fewer things, or put several values into one JSON secret and use env-from or file-from',
  };
}

function volumeTooLarge(references: number): Problem {
  return {
    code: 'VOLUME_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `${printable(String(references))} references need more than ${MAX_VOLUME_BYTES / 2 ** 20} MiB of memory`,
    expected: 'ask for fewer things',
  };
}
