/** Whether a pod is injected, and whether the guard rejects one that is not: pods that the API server does not store. */
import { type Judgement, judgeGuard, judgeInjection } from '../../cluster/installation.ts';
import { type Check, type Context, type Finding, finding, type NamespaceFact, okay } from '../check.ts';
import { OPT_IN_LABEL } from '../facts.ts';

/** Namespaces that the registration leaves out, whatever their labels. */
const LEFT_OUT: ReadonlySet<string> = new Set(['kube-system', 'kube-node-lease', 'kube-public']);

export const injection: Check = {
  name: 'injection',
  about: 'Pods with a dry run: one must be injected, the other rejected by the guard.',
  async run(context, signal) {
    const { api, facts } = context;
    const namespaces = await facts.namespaces();
    if (!namespaces.ok && context.podNamespace === undefined) return [namespaces.problem];
    const possible = (namespaces.ok ? namespaces.value : []).filter(
      ({ name }) => !LEFT_OUT.has(name) && name !== context.namespace,
    );
    const optedIn = optedInOf(possible, context);
    const other = possible.find(({ isOptedIn }) => !isOptedIn)?.name;
    return await Promise.all([
      optedIn === undefined
        ? finding(
            'warn',
            'no namespace has opted in, so no pod is injected',
            `kubectl label namespace NAMESPACE ${OPT_IN_LABEL}=enabled`,
          )
        : judgeInjection(api, optedIn, signal).then((judged) => toFinding(judged, optedIn)),
      other === undefined
        ? finding('skipped', 'guard: every namespace has opted in')
        : judgeGuard(api, other, signal).then((judged) => toFinding(judged, other)),
    ]);
  },
};

function optedInOf(namespaces: readonly NamespaceFact[], { podNamespace }: Context): string | undefined {
  return podNamespace ?? namespaces.find(({ isOptedIn }) => isOptedIn)?.name;
}

function toFinding(judged: Judgement, namespace: string): Finding {
  if (judged.kind === 'passed') return okay(`${judged.what} (namespace ${namespace})`);
  if (/cannot create resource "pods"/.test(judged.why))
    return finding(
      'skipped',
      `needs the right to create pods in ${namespace}`,
      `kubectl auth can-i create pods -n ${namespace}`,
    );
  if (judged.why.startsWith('the API server does not answer')) return finding('skipped', judged.why);
  // Rules of others, such as on images, can reject the pod only because it is made up.
  if (/^(?:the pod was rejected|something else rejected)/.test(judged.why))
    return finding(
      'warn',
      `${judged.why} (namespace ${namespace})`,
      'Try another namespace that has opted in: --pod-namespace',
    );
  return finding(
    'fail',
    `${judged.why} (namespace ${namespace})`,
    ...(judged.next === undefined ? [] : [judged.next]),
  );
}
