/** The refresh of a pod: what the annotations request, applied to its containers and views. */

import type { Options } from '../annotations/options.ts';
import { ON_CHANGE, type WrittenAction } from '../annotations/refresh.ts';
import { field } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import {
  type ChangeAction,
  type PlanRefresh,
  type Signal,
  type SignalAction,
  touchFault,
} from '../plan/refresh.ts';
import { type Container, effectiveId, isNativeSidecar, type Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { printable, quote } from '../problems/quote.ts';
import type { InjectionSettings } from '../settings.ts';
import { type DeliveredView, mountsView } from './delivery.ts';
import type { EarlierPass } from './earlier-pass.ts';
import type { RunAs } from './run-as.ts';

export interface RefreshFacts {
  readonly pod: Pod;
  readonly earlier: EarlierPass;
  readonly views: readonly DeliveredView[];
  readonly options: Options;
  readonly runAs: RunAs;
  readonly settings: Pick<InjectionSettings, 'sidecars' | 'refreshCheck'>;
}

/** @returns undefined if the pod does not request it */
export function planRefresh(facts: RefreshFacts, findings: Findings): PlanRefresh | undefined {
  const { earlier, options, settings } = facts;
  if (options.refresh === undefined) return undefined;
  const { seconds, required, onChange: written } = options.refresh;
  // The cluster and the setting may change after the first pass.
  const recorded = earlier.fetcher?.plan.refresh;
  if (recorded === undefined && settings.sidecars?.can !== true) findings.add(unavailable(settings));
  const onChange = actionsOf(written, facts, findings);
  return {
    seconds,
    check: recorded?.check ?? settings.refreshCheck ?? 'describe',
    ...(required ? { required } : {}),
    ...(onChange.length === 0 ? {} : { onChange }),
  };
}

function unavailable({ sidecars }: RefreshFacts['settings']): Problem {
  const why = sidecars?.can === false ? sidecars.why : 'cluster support has not been checked yet';
  return {
    code: 'REFRESH_UNAVAILABLE',
    subject: annotationKey('refresh'),
    wrong: `the fetcher would have to run as a native sidecar, which is unavailable: ${printable(why, 300)}`,
    expected: 'remove the annotation; then the pod gets its secrets once, when it starts',
  };
}

function actionsOf(
  written: readonly WrittenAction[],
  facts: RefreshFacts,
  findings: Findings,
): readonly ChangeAction[] {
  const actions = new Map<string, ChangeAction>();
  for (const action of written) {
    for (const one of plannedFor(action, facts, findings)) {
      const key = JSON.stringify(one);
      if (actions.has(key)) findings.add(repeated(action));
      actions.set(key, one);
    }
  }
  return [...actions.values()];
}

function plannedFor(action: WrittenAction, facts: RefreshFacts, findings: Findings): readonly ChangeAction[] {
  if ('url' in action) return [action];
  if ('touch' in action) return touched(action.touch, facts, findings);
  const signal = signalled(action.signal, action.container, facts);
  if (!('problem' in signal)) return [signal];
  findings.add(signal.problem);
  return [];
}

/** The file is written where containers can see it: into each view that is mounted. */
function touched(
  name: string,
  { views, options }: RefreshFacts,
  findings: Findings,
): readonly ChangeAction[] {
  const mounted = [...views.entries()].filter(([, view]) =>
    view.recipients.some(({ envMode }) => mountsView(view, envMode, options)),
  );
  if (mounted.length === 0) {
    findings.add(
      impossible(
        `no container mounts the files, so none would see the file ${quote(name)}`,
        'request a file, or use a signal or a URL',
      ),
    );
  }
  const manifest = options.manifestFile ? { manifest: true as const } : {};
  for (const [, { contents }] of mounted) {
    const fault = touchFault(name, { ...contents, ...manifest });
    if (fault === undefined) continue;
    findings.add({
      code: 'FILE_NAME_CONFLICT',
      subject: ON_CHANGE,
      wrong: `the file name ${quote(name)} ${fault}`,
      expected: 'use another name',
    });
  }
  return mounted.map(([view]) => ({ touch: name, view }));
}

function signalled(
  signal: Signal,
  name: string | undefined,
  facts: RefreshFacts,
): SignalAction | { readonly problem: Problem } {
  const { pod, views, options, runAs } = facts;
  if (field(pod.spec, 'shareProcessNamespace') !== true) {
    return problem(
      'the fetcher can send signals only to containers in its own process namespace',
      'set shareProcessNamespace to true in the spec of the pod, or use a URL or touch',
    );
  }
  const container = targetOf(name, pod, views);
  if ('problem' in container) return container;
  const user = effectiveId(pod, container, 'runAsUser');
  if (runAs.user === undefined || (user ?? options.runAsUser) === runAs.user)
    return { signal, container: container.name };
  if (user === undefined) {
    return problem(
      `the user of container ${quote(container.name)} is not set, and the fetcher can send signals only to processes of its own user`,
      `set runAsUser in the security context of the container, or ${annotationKey('run-as-user')} to the user of its image`,
    );
  }
  return problem(
    `container ${quote(container.name)} runs as user ${user}, and the fetcher can send signals only to processes of its own user, which is ${runAs.user}`,
    user === 0
      ? 'run the container as another user than root, or use a URL or touch'
      : `set ${annotationKey('run-as-user')} to ${quote(String(user))}, or use a URL or touch`,
  );
}

/** The container that an action names, or else the only one that receives secrets and still runs when they change. */
function targetOf(
  name: string | undefined,
  pod: Pod,
  views: readonly DeliveredView[],
): Container | { readonly problem: Problem } {
  const receiving = views.flatMap(({ containers }) => containers);
  const running = receiving.filter((one) => one.list === 'containers' || isNativeSidecar(one));
  if (name !== undefined) {
    const found = running.find((one) => one.name === name);
    return found ?? { problem: noTarget(name, pod, receiving, running) };
  }
  const [only, ...others] = running;
  if (only !== undefined && others.length === 0) return only;
  const list = running.slice(0, 10).map((one) => quote(one.name));
  return problem(
    only === undefined
      ? 'no running container receives secrets'
      : `several containers receive secrets: ${list.join(', ')}`,
    only === undefined ? 'use a URL or touch' : 'name one of them, such as signal:HUP@app',
  );
}

function noTarget(
  name: string,
  pod: Pod,
  receiving: readonly Container[],
  running: readonly Container[],
): Problem {
  const others = running.slice(0, 10).map((one) => one.name);
  const use =
    others.length === 0 ? 'use a URL or touch' : `use one of ${others.map((one) => quote(one)).join(', ')}`;
  if (receiving.some((one) => one.name === name))
    return impossible(
      `container ${quote(name)} is an init container, which has ended when secrets change`,
      use,
    );
  if ([...pod.containers, ...pod.initContainers].some((one) => one.name === name))
    return impossible(`container ${quote(name)} receives no secrets`, use);
  const match = nearest(name, others);
  return {
    code: 'CONTAINER_UNKNOWN',
    subject: ON_CHANGE,
    wrong: `the pod has no container ${quote(name)}`,
    expected: match === undefined ? use : `did you mean ${quote(match)}?`,
  };
}

function problem(wrong: string, expected: string): { readonly problem: Problem } {
  return { problem: impossible(wrong, expected) };
}

function impossible(wrong: string, expected: string): Problem {
  return { code: 'ON_CHANGE_IMPOSSIBLE', subject: ON_CHANGE, wrong, expected };
}

function repeated(action: WrittenAction): Problem {
  const text =
    'url' in action ? action.url : 'touch' in action ? `touch:${action.touch}` : `signal:${action.signal}`;
  return {
    code: 'ON_CHANGE_INVALID',
    subject: ON_CHANGE,
    wrong: `the action ${quote(text, 128)} is written twice`,
    expected: 'remove one of the two',
  };
}
