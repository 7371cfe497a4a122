/** The versions of the kubelets, which set native variables and run native sidecars. */

import { printable } from '../../../core/problems/quote.ts';
import { kubeletsOf } from '../../../kubernetes/kubelets.ts';
import { isAtLeast, parseVersion } from '../../../kubernetes/version.ts';
import { type Check, count, finding, okay, some, unanswered } from '../check.ts';

const NATIVE = 35;
const SIDECARS = 29;
const LIST = 'kubectl get nodes';

export const kubelets: Check = {
  name: 'kubelets',
  about: 'The versions of the kubelets: native variables need 1.35, and refresh needs 1.29.',
  async run({ api }, signal) {
    const nodes: { readonly node: string; readonly version: string }[] = [];
    for await (const page of kubeletsOf(api, signal)) {
      if (page.kind !== 'kubelets') return [unanswered(page, 'list nodes')];
      nodes.push(...page.kubelets);
    }
    if (nodes.length === 0) return [finding('warn', 'the cluster has no nodes', LIST)];
    const olderThan = (minor: number): readonly string[] =>
      nodes
        .filter(({ version }) => {
          const parsed = parseVersion(version);
          return parsed === undefined || !isAtLeast(parsed, minor);
        })
        .map(({ node, version }) => `${node} (${version})`);
    const [withoutNative, withoutSidecars] = [olderThan(NATIVE), olderThan(SIDECARS)];
    const versions = some([...new Set(nodes.map(({ version }) => printable(version)))].sort());
    const all = `${count(nodes.length, 'node')} with ${versions}`;
    if (withoutSidecars.length > 0)
      return [finding('warn', `${all}; on ${some(withoutSidecars)}, pods with refresh never start`, LIST)];
    // With all of them older, the webhook does not use native variables.
    if (withoutNative.length > 0 && withoutNative.length < nodes.length)
      return [
        finding(
          'warn',
          `${all}; native variables are not possible on ${some(withoutNative)}`,
          'Upgrade the nodes, or use the env-modes shell and file (docs/guides/operations.md).',
        ),
      ];
    return [okay(withoutNative.length === 0 ? all : `${all}, without native variables`)];
  },
};
