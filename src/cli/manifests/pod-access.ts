/** Reads what the pods of manifests need from AWS. */
import { accessOf, type PodAccess } from '../../core/advice/access.ts';
import { decide } from '../../core/decide/decide.ts';
import type { RoleArn } from '../../core/names/role-arn.ts';
import type { PodTemplate } from '../../core/pod/pod-templates.ts';
import { formatProblem } from '../../core/problems/problems.ts';
import { quote } from '../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { InjectionSettings } from '../../core/settings.ts';

/** What a pod needs; undefined if it requests no secret. The problems say why the webhook would deny it. */
export function readAccess(
  { pod, namespace, object }: PodTemplate,
  roles: ReadonlyMap<string, RoleArn>,
  settings: InjectionSettings,
): Result<PodAccess | undefined, readonly string[]> {
  const decision = decide(pod, namespace, { ...settings, ignoresPins: true });
  switch (decision.kind) {
    case 'unchanged':
      return ok(undefined);
    case 'denied':
      return failed(decision.problems.map((problem) => `${object}: ${formatProblem(problem)}`));
    case 'inject': {
      const access = accessOf(decision, namespace, roles);
      const wrong = invalidName(access.serviceAccount);
      return wrong === undefined ? ok(access) : failed([`${object}: ${wrong}`]);
    }
  }
}

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const MOST_NAME = 253;

/** Names become parts of policies, where `*` and `${…}` have a meaning. */
function invalidName({ namespace, name }: PodAccess['serviceAccount']): string | undefined {
  if (!NAMESPACE.test(namespace)) return `${quote(namespace)} is not a valid name of a namespace`;
  return name.length <= MOST_NAME && NAME.test(name)
    ? undefined
    : `${quote(name)} is not a valid name of a service account`;
}
