/**
 * Recognizes the work of an earlier pass: reinvocation, a restored pod or a copied pod. Anybody can write the names, so a
 * name alone proves nothing: the init container is the injector's when image, command and plan are those that the
 * injector writes. Defaulted fields, and variables and mounts that other webhooks added, do not matter.
 */
import { CHECK_NAME, FETCHER_NAME, isInjected } from '../additions/injected-objects.ts';
import { asArray, textField } from '../json.ts';
import { PLAN_VARIABLE, type Plan, receiverNames } from '../plan/plan.ts';
import { readPlan } from '../plan/read-plan.ts';
import { type Container, isMeshProxy, isNativeSidecar, type Pod } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import {
  CHECK_COMMAND,
  EARLIER_CHECK_COMMAND,
  EARLIER_FETCH_COMMAND,
  FETCH_COMMAND,
  type InjectionSettings,
} from '../settings.ts';

/** The injected init containers of a pod, as an earlier pass left them. */
export interface EarlierPass {
  /** Undefined in a pod that is new. Whether its plan is right shows when the plan is made again. */
  readonly fetcher: EarlierFetcher | undefined;
  /** The kubelet check, where an earlier pass added one. */
  readonly check: Container | undefined;
  /** The index of the fetcher among the init containers, present or future. */
  readonly fetcherIndex: number;
}

interface EarlierFetcher {
  readonly container: Container;
  readonly plan: Plan;
  readonly planText: string;
  /** Names of the containers that the plan lists as receivers. */
  readonly receivers: ReadonlySet<string>;
}

/** Looks for the work of an earlier pass. The problem is another object that uses a reserved name. */
export function findEarlierPass(pod: Pod, settings: InjectionSettings): Result<EarlierPass> {
  const elsewhere = pod.containers.find(isInjected);
  if (elsewhere !== undefined)
    return failed(conflict(elsewhere, 'is a regular container, not an init container'));
  const check = pod.initContainers.find((one) => one.name === CHECK_NAME);
  const container = pod.initContainers.find((one) => one.name === FETCHER_NAME);
  const difference =
    (check === undefined
      ? undefined
      : differenceOf(check, [CHECK_COMMAND, EARLIER_CHECK_COMMAND], settings)) ??
    (container === undefined
      ? undefined
      : differenceOf(container, [FETCH_COMMAND, EARLIER_FETCH_COMMAND], settings));
  if (difference !== undefined) return failed(difference);
  if (container === undefined) return ok({ fetcher: undefined, check, fetcherIndex: newFetcherIndex(pod) });
  const planText = planOf(container);
  const read = readPlan(planText);
  const isSidecar = isNativeSidecar(container);
  const isRefreshed = read.ok && read.value.plan.refresh !== undefined;
  if (isSidecar && !isRefreshed)
    return failed(conflict(container, 'is a sidecar, so the application would not wait for it'));
  if (!read.ok || planText === undefined) return failed(conflict(container, 'has no valid plan'));
  const { plan } = read.value;
  const receivers = new Set(plan.views.flatMap((view) => receiverNames(view.receivers)));
  return ok({ fetcher: { container, plan, planText, receivers }, check, fetcherIndex: container.index });
}

/** How an init container with a reserved name differs from the injector's, or undefined. */
function differenceOf(
  container: Container,
  commands: readonly (readonly string[])[],
  settings: InjectionSettings,
): Problem | undefined {
  const { json, command } = container;
  const image = textField(json, 'image') ?? '';
  if (![settings.image, ...(settings.imageMirrors ?? [])].map(repositoryOf).includes(repositoryOf(image))) {
    return {
      ...conflict(container, `uses image ${quote(image)} instead of the injector image`),
      expected:
        'remove it from the manifest, so that the injector adds its own; if another webhook rewrites images to a ' +
        'mirror, the operator adds the mirror to the setting image-mirrors',
    };
  }
  if (!commands.some((known) => isSame(known, command ?? [])))
    return conflict(container, "has a command that is not the injector's");
  if ((asArray(json['args']) ?? []).length > 0) return conflict(container, 'has arguments');
  if (container.name === CHECK_NAME && isNativeSidecar(container))
    return conflict(container, 'is a sidecar, so the application would not wait for it');
  return undefined;
}

function isSame(expected: readonly string[], command: readonly unknown[]): boolean {
  return command.length === expected.length && expected.every((part, index) => command[index] === part);
}

/** The problem of a container with a reserved name that the injector did not write. */
export function conflict({ list, index, name }: Container, what: string): Problem {
  return nameConflict(`${list}[${index}]`, `container ${name} (a reserved name) ${what}`);
}

/** The problem of an object with a reserved name that the injector did not write. */
export function nameConflict(subject: string, wrong: string): Problem {
  return {
    code: 'POD_NAME_CONFLICT',
    subject,
    wrong,
    expected: 'rename it, or remove it from the manifest so that the injector adds its own',
  };
}

/** The plan's text. With two plans, the fetcher would read the last one, so neither counts. */
function planOf(container: Container): string | undefined {
  const [entry, ...others] = container.env.filter((one) => textField(one, 'name') === PLAN_VARIABLE);
  return entry === undefined || others.length > 0 ? undefined : textField(entry, 'value');
}

/**
 * An image without tag and digest: a restored pod may have the image of an earlier release. A colon before the last slash
 * belongs to the port of a registry, not to a tag.
 */
function repositoryOf(image: string): string {
  const name = image.split('@', 1)[0] ?? '';
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}

/** First, but after a mesh proxy that is a native sidecar: the fetcher's traffic may have to pass through the proxy. */
function newFetcherIndex(pod: Pod): number {
  const lastProxy = pod.initContainers.findLast((one) => isMeshProxy(one) && isNativeSidecar(one));
  return lastProxy === undefined ? 0 : lastProxy.index + 1;
}
