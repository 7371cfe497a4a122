/** From references and receiving containers to the plan. */
import { annotationKey } from './annotations.ts';
import type { Recipient } from './delivery.ts';
import { VIEW_VOLUME } from './injected-objects.ts';
import { textField } from './json.ts';
import type { Options } from './options.ts';
import { MAX_PLAN_BYTES, PLAN_VERSION, type Plan, type PlanView } from './plan.ts';
import type { Problem } from './problems.ts';
import { printable } from './quote.ts';
import type { References } from './references.ts';
import { MAX_VOLUME_BYTES } from './resources.ts';
import type { Identity } from './security.ts';

/**
 * Makes the plan of a pod.
 * @param recorded the view of an earlier pass: what only that pass could know is taken from it
 */
export function makePlan(
  references: References,
  recipients: readonly Recipient[],
  identity: Identity,
  options: Options,
  recorded: PlanView | undefined,
): Plan {
  const view: PlanView = {
    volume: VIEW_VOLUME,
    receivers: { shell: namesOf(recipients, 'shell'), file: namesOf(recipients, 'file') },
    fileMode: identity.fileMode,
    format: 'shell',
    env: references.env,
    envFrom: references.envFrom,
    files: references.files,
    filesFrom: references.filesFrom,
    declared: recorded?.declared ?? (references.envFrom.length > 0 ? declaredBy(recipients) : []),
  };
  return {
    version: PLAN_VERSION,
    timeoutSeconds: options.timeoutSeconds,
    secrets: references.secrets,
    views: [view],
  };
}

function namesOf(recipients: readonly Recipient[], mode: Recipient['envMode']): readonly string[] {
  return recipients.filter((one) => one.envMode === mode).map((one) => one.container.name);
}

/** Names of the variables that the containers declare themselves, sorted. */
function declaredBy(recipients: readonly Recipient[]): readonly string[] {
  const names = new Set<string>();
  for (const { container } of recipients) {
    for (const entry of container.env) names.add(textField(entry, 'name') ?? '');
  }
  return [...names].sort();
}

/** Whether a plan's text is too long for a variable. */
export function isPlanTooLarge(text: string): boolean {
  // No character takes more than three bytes: most plans need not be counted.
  return text.length * 3 > MAX_PLAN_BYTES && new TextEncoder().encode(text).length > MAX_PLAN_BYTES;
}

/** The problem that it is. */
export function planTooLarge(): Problem {
  return {
    code: 'PLAN_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `the references make a plan of more than ${MAX_PLAN_BYTES / 1024} KiB`,
    expected:
      'ask for fewer things, or put several values into one JSON secret and use env-from or file-from',
  };
}

/** The problem that the volumes would hold more memory than a pod may be made to. */
export function volumeTooLarge(references: number): Problem {
  return {
    code: 'VOLUME_TOO_LARGE',
    subject: annotationKey('env', '*'),
    wrong: `${printable(String(references))} references need more than ${MAX_VOLUME_BYTES / 2 ** 20} MiB of memory`,
    expected: 'ask for fewer things',
  };
}
