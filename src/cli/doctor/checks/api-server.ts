/** The version of the API server, and its feature gates. */

import { printable } from '../../../core/problems/quote.ts';
import { isAtLeast, readServerVersion } from '../../../kubernetes/version.ts';
import { type Check, type Context, type Finding, finding, okay, unanswered } from '../check.ts';

/** Match conditions of registrations, and the policies of the guard. */
const OLDEST = 30;
const NATIVE = 35;
/** What the product uses, by feature gate. A gate without a row in the metrics is on for good, or unknown to the version. */
const GATES: Readonly<Record<string, string>> = {
  EnvFiles: 'native variables are not possible',
  SidecarContainers: 'refresh is not possible',
  AdmissionWebhookMatchConditions: 'the registration matches pods that do not request secrets',
  ValidatingAdmissionPolicy: 'the guard has no effect',
};

export const apiServer: Check = {
  name: 'api-server',
  about: 'The version of the API server, and the feature gates that the product uses.',
  async run(context, signal) {
    const answer = await context.facts.version();
    if (answer.kind === 'failed')
      return [finding('fail', answer.what, 'Check the kubeconfig: kubectl version')];
    if (answer.kind === 'refused') return [unanswered(answer, 'get /version')];
    const version = readServerVersion(answer.json);
    if (version === undefined) return [finding('warn', 'it does not report a version', 'kubectl version')];
    const name = `Kubernetes ${printable(version.text)}`;
    if (!isAtLeast(version, OLDEST))
      return [
        finding(
          'fail',
          `${name}: the product needs 1.${OLDEST} or later`,
          'See docs/guides/support-policy.md.',
        ),
      ];
    if (!isAtLeast(version, NATIVE))
      return [okay(`${name}, without native variables; the env-modes shell and file work`)];
    return [okay(name), await gates(context, signal)];
  },
};

async function gates({ api }: Context, signal: AbortSignal): Promise<Finding> {
  const question = {
    path: '/metrics',
    accept: 'text/plain',
    mostBytes: 64 * 1024 * 1024,
    plain: true,
  } as const;
  const answer = await api.ask(question, signal);
  if (answer.kind !== 'answer') {
    const { what, next } = unanswered(answer, 'get /metrics');
    return finding('skipped', `feature gates: ${what}`, ...next);
  }
  const off = Object.entries(GATES).filter(([gate]) =>
    new RegExp(`^kubernetes_feature_enabled\\{name="${gate}",[^}]*\\} 0$`, 'm').test(String(answer.json)),
  );
  if (off.length === 0) return okay('no feature gate that the product uses is off');
  return finding(
    'warn',
    `feature gates are off: ${off.map(([gate, effect]) => `${gate} (${effect})`).join(', ')}`,
    'Turn them on, or turn off what needs them (docs/guides/operations.md).',
  );
}
