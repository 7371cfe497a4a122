/** Describes the pods and the workloads of manifests or of a cluster, with what their status and their Events report. */
import { describeByEvents, describeDecision, type PodDescription } from '../../core/advice/describe.ts';
import { describeRunning } from '../../core/advice/describe-running.ts';
import { diagnose, diagnoseEvents, isSame } from '../../core/advice/diagnose/diagnose.ts';
import { type Diagnosis, word } from '../../core/advice/diagnose/diagnosis.ts';
import { isRefusal, type ObservedEvent, objectName } from '../../core/advice/diagnose/events.ts';
import { requestsSecrets } from '../../core/annotations/annotations.ts';
import { decide } from '../../core/decide/decide.ts';
import { asArray, asObject, field, textField } from '../../core/json.ts';
import type { ManifestObject, PodTemplate } from '../../core/pod/pod-templates.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { podCount } from './pod-count.ts';

export interface DescribeParts {
  /** The number of pods of each workload; by default, that of the manifest. */
  readonly replicas: number | undefined;
  readonly injection: InjectionSettings;
  readonly events: readonly ObservedEvent[];
}

/**
 * Describes each pod and template. A ReplicaSet or Job whose controller is among them as well has the same template: it is
 * left out, unless something else happened to it.
 */
export function describeAll(
  templates: readonly PodTemplate[],
  { replicas, injection, events }: DescribeParts,
): readonly PodDescription[] {
  const byObject = Map.groupBy(events, ({ place }) => objectName(place));
  const diagnosed = new Map(
    templates.map((one) => [one.object, diagnosesOf(one, byObject.get(one.object) ?? [])]),
  );
  return templates.flatMap((template) => {
    const { object, owner, pod, namespace } = template;
    const diagnoses = diagnosed.get(object) ?? [];
    const isPod = owner.kind === 'Pod';
    const controller = isPod ? undefined : diagnosed.get(controllerOf(owner) ?? '');
    if (controller !== undefined && diagnoses.every((one) => controller.some((other) => isSame(one, other))))
      return [];
    const described = { object, pods: isPod ? 1 : (replicas ?? podCount(owner)) };
    const running = isPod ? describeRunning(described, owner.content) : undefined;
    // Nothing records versions in manifests.
    const settings = { ...injection, ignoresPins: true };
    const description = running ?? describeDecision(described, decide(pod, namespace, settings));
    return [{ ...description, diagnoses }];
  });
}

/** Describes the objects that only Events name. */
export function describeOtherEvents(
  templates: readonly PodTemplate[],
  events: readonly ObservedEvent[],
): readonly PodDescription[] {
  const objects = new Set(templates.map(({ object }) => object));
  const others = events.filter((event) => !objects.has(objectName(event.place)));
  return [...Map.groupBy(others, ({ place }) => objectName(place))].flatMap(([object, those]) => {
    // Nothing says whether the object requests secrets.
    const diagnoses = diagnoseEvents(those.filter((event) => isRefusal(event) || isOurs(event.message)));
    return diagnoses.length === 0 ? [] : [describeByEvents(object, diagnoses)];
  });
}

function diagnosesOf(
  { owner, pod, namespace }: PodTemplate,
  events: readonly ObservedEvent[],
): readonly Diagnosis[] {
  if (asObject(field(owner.content, 'status')) === undefined && events.length === 0) return [];
  const metadata = field(owner.content, 'metadata');
  const kind = owner.kind.replaceAll(/[^A-Za-z0-9]/g, '').slice(0, 63);
  const place = { kind, namespace: word(namespace), name: word(textField(metadata, 'name') ?? '') };
  const all = diagnose(owner.content, place, events);
  if (requestsSecrets(field(field(pod, 'metadata'), 'annotations'))) return all;
  return all.filter(({ messages }) => messages.some(isOurs));
}

/** Whether a message is about the injector or what it adds. */
function isOurs(message: string): boolean {
  return /secrets-injector|aws-secrets-/.test(message);
}

/** `Deployment/shop/web`. */
function controllerOf({ content, namespace }: ManifestObject): string | undefined {
  const owners = asArray(field(field(content, 'metadata'), 'ownerReferences')) ?? [];
  const owner = owners.find((one) => field(one, 'controller') === true);
  if (owner === undefined) return undefined;
  return objectName({
    kind: textField(owner, 'kind') ?? '',
    namespace,
    name: textField(owner, 'name') ?? '',
  });
}
