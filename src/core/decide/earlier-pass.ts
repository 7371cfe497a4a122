/**
 * Recognising our own work on a later pass, after a restore or in a copied pod. Names alone prove nothing, since
 * anybody can write them: the init container is ours when image, command and plan are what we would write, and it runs
 * as we would run it. Defaulted fields, and variables and mounts that others added, do not matter.
 */

import { CHECK_NAME, FETCHER_NAME, isInjected } from '../additions/injected-objects.ts';
import { asArray, textField } from '../json.ts';
import { PLAN_VARIABLE, type Plan } from '../plan/plan.ts';
import { readPlan } from '../plan/read-plan.ts';
import { type Container, isNativeSidecar, type Pod } from '../pod/pod.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { CHECK_COMMAND, FETCH_COMMAND, type InjectionSettings } from '../settings.ts';

/** An init container of our name that may be ours; whether its plan is, shows when the plan is made again. */
export interface EarlierPass {
  readonly container: Container;
  readonly plan: Plan;
  readonly planText: string;
}

/**
 * Looks for the work of an earlier pass.
 * @returns undefined if there is none, or the problem that somebody else uses our name
 */
export function findEarlierPass(pod: Pod, settings: InjectionSettings): EarlierPass | Problem | undefined {
  const elsewhere = pod.containers.find(isInjected);
  if (elsewhere !== undefined) return conflict(`containers[${elsewhere.index}]`, 'is a regular container');
  const check = pod.initContainers.find((one) => one.name === CHECK_NAME);
  const container = pod.initContainers.find((one) => one.name === FETCHER_NAME);
  const strange =
    (check === undefined ? undefined : strangeness(check, CHECK_COMMAND, settings)) ??
    (container === undefined ? undefined : strangeness(container, FETCH_COMMAND, settings));
  if (strange !== undefined) return strange;
  if (container === undefined) return undefined;
  const planText = planOf(container);
  const read = readPlan(planText);
  if ('code' in read || planText === undefined)
    return conflict(`initContainers[${container.index}]`, 'has no plan of the injector');
  return { container, plan: read.plan, planText };
}

/** Why an init container of our name is not ours. */
function strangeness(
  container: Container,
  ours: readonly string[],
  settings: InjectionSettings,
): Problem | undefined {
  const { index, json, command } = container;
  const subject = `initContainers[${index}]`;
  const image = textField(json, 'image') ?? '';
  if (![settings.image, ...(settings.imageMirrors ?? [])].map(repositoryOf).includes(repositoryOf(image))) {
    return {
      ...conflict(subject, `has image ${quote(image)}, not the injector's`),
      expected:
        'remove it from the manifest and let the injector add its own; if another webhook rewrites images, the ' +
        'operator lists the mirror in the setting image-mirrors',
    };
  }
  if (command?.length !== ours.length || !ours.every((part, i) => command[i] === part))
    return conflict(subject, 'has another command than the injector writes');
  if ((asArray(json['args']) ?? []).length > 0) return conflict(subject, 'has arguments');
  if (isNativeSidecar(container))
    return conflict(subject, 'runs as a sidecar: nobody would wait for its end');
  return undefined;
}

/** The problem that an object of our name is not ours. */
export function conflict(subject: string, what: string): Problem {
  return {
    code: 'POD_NAME_CONFLICT',
    subject,
    wrong: `an object with a name of the injector ${what}`,
    expected: 'rename it, or remove it from the manifest and let the injector add its own',
  };
}

/** Of two plans the fetcher would read the last, so none of them counts. */
function planOf(container: Container): string | undefined {
  const [entry, ...others] = container.env.filter((one) => textField(one, 'name') === PLAN_VARIABLE);
  return entry === undefined || others.length > 0 ? undefined : textField(entry, 'value');
}

/**
 * An image without tag and digest: a restored pod may hold the image of an earlier release.
 * The last colon is a tag only behind the last slash, since a registry may have a port.
 */
function repositoryOf(image: string): string {
  const name = image.split('@', 1)[0] ?? '';
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
