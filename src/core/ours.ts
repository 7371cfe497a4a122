/**
 * Recognising our own work on a later pass, after a restore or in a copied pod. Names alone prove nothing, since
 * anybody can write them: the init container is ours when image, command and plan are what we would write.
 * Defaulted fields, and variables and mounts that others added, do not matter.
 */

import { FETCHER_NAME } from './injected-objects.ts';
import { textField } from './json.ts';
import { PLAN_VARIABLE, type Plan, readPlan } from './plan.ts';
import type { Container, Pod } from './pod.ts';
import type { Problem } from './problems.ts';
import { quote } from './quote.ts';
import { FETCH_COMMAND, type InjectionSettings } from './settings.ts';

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
  const elsewhere = pod.containers.find((container) => container.name === FETCHER_NAME);
  if (elsewhere !== undefined) return conflict(`containers[${elsewhere.index}]`, 'is a regular container');
  const container = pod.initContainers.find((one) => one.name === FETCHER_NAME);
  if (container === undefined) return undefined;
  const subject = `initContainers[${container.index}]`;
  const image = textField(container.json, 'image') ?? '';
  if (repositoryOf(image) !== repositoryOf(settings.image)) {
    return conflict(subject, `has image ${quote(image)}, not the injector's`);
  }
  if (
    container.command?.length !== FETCH_COMMAND.length ||
    !FETCH_COMMAND.every((part, i) => container.command?.[i] === part)
  ) {
    return conflict(subject, 'has another command than the injector writes');
  }
  const planText = planOf(container);
  const read = readPlan(planText);
  if ('code' in read || planText === undefined) return conflict(subject, 'has no plan of the injector');
  return { container, plan: read.plan, planText };
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

function planOf(container: Container): string | undefined {
  const entry = container.env.find((one) => textField(one, 'name') === PLAN_VARIABLE);
  return entry === undefined ? undefined : textField(entry, 'value');
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
