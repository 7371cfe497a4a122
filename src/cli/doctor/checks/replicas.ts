/** Whether replicas of the webhook run and are ready. */
import { asArray, field, textField } from '../../../core/json.ts';
import { printable } from '../../../core/problems/quote.ts';
import { type Check, count, finding, okay, some } from '../check.ts';
import { readAll } from '../facts.ts';

export const replicas: Check = {
  name: 'replicas',
  about: 'The pods of the webhook: how many are ready, and with which image.',
  async run({ api, namespace }, signal) {
    const labelSelector = 'app.kubernetes.io/name=aws-secrets-injector,app.kubernetes.io/component=webhook';
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const pods = await readAll(
      api,
      { path, query: { labelSelector }, right: `list pods -n ${namespace}` },
      signal,
    );
    if (!pods.ok) return [pods.problem];
    const get = `kubectl -n ${namespace} get pods -l app.kubernetes.io/component=webhook`;
    if (pods.value.length === 0)
      return [
        finding(
          'fail',
          `no pod of the webhook in the namespace ${namespace}`,
          `kubectl -n ${namespace} get deployments,events`,
          'If it is in another namespace, set --namespace.',
        ),
      ];
    const ready = pods.value.filter(isReady);
    if (ready.length === 0)
      return [
        finding(
          'fail',
          `no replica is ready: ${some(pods.value.map(whyNot))}`,
          get,
          'See "A replica is not ready" in docs/guides/troubleshooting.md.',
        ),
      ];
    if (ready.length < pods.value.length)
      return [finding('warn', `${ready.length} of ${count(pods.value.length, 'replica')} are ready`, get)];
    const images = new Set(pods.value.map(imageOf));
    if (images.size > 1)
      return [finding('warn', `replicas have different images: ${some([...images])}`, get)];
    if (ready.length === 1)
      return [
        finding(
          'warn',
          'only one replica: while it is replaced, no pod that requests secrets can be created',
          'See docs/guides/high-availability.md.',
        ),
      ];
    return [okay(`${count(ready.length, 'replica')} are ready, with the image ${some([...images])}`)];
  },
};

function isReady(pod: unknown): boolean {
  const conditions = asArray(field(field(pod, 'status'), 'conditions')) ?? [];
  return conditions.some((one) => textField(one, 'type') === 'Ready' && textField(one, 'status') === 'True');
}

function imageOf(pod: unknown): string {
  return textField((asArray(field(field(pod, 'spec'), 'containers')) ?? [])[0], 'image') ?? '';
}

/** `aws-secrets-injector-5d4f8 (ImagePullBackOff)`. */
function whyNot(pod: unknown): string {
  const status = field(pod, 'status');
  const states = (asArray(field(status, 'containerStatuses')) ?? []).map((one) =>
    textField(field(field(one, 'state'), 'waiting'), 'reason'),
  );
  const why = states.find((one) => one !== undefined) ?? textField(status, 'phase') ?? 'unknown';
  return `${printable(textField(field(pod, 'metadata'), 'name') ?? '')} (${printable(why)})`;
}
