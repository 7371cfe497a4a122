/** The flags of commands that decide about pods as the webhook does. */

import { quote } from '../../core/problems/quote.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import {
  INJECTION_SETTINGS,
  type InjectionValues,
  injectionSettings,
  nativeWithoutCluster,
  sidecarsWithoutCluster,
} from '../../runtime/settings/injection.ts';
import { PATH } from '../../runtime/settings/kinds.ts';
import { readPolicyFile } from '../../runtime/settings/policy-file.ts';
import {
  type Definitions,
  type Environment,
  optional,
  setting,
  variableName,
} from '../../runtime/settings/settings.ts';
import { VERSION } from '../../runtime/version.ts';
import { NAMESPACE } from '../manifests/sources.ts';

export const INJECTION_FLAGS = {
  namespace: setting(NAMESPACE, 'default', 'Namespace of objects without metadata.namespace.'),
  policy: optional(
    PATH,
    "YAML file with the operator's policy (docs/guides/policy.md). Denies what the webhook denies with --policy-file.",
  ),
  ...INJECTION_SETTINGS,
  image: { ...INJECTION_SETTINGS.image, fallback: `aws-secrets-injector:${VERSION}` },
};

/** The settings for the core. The problem says why the policy cannot be used. */
export function flaggedSettings(
  values: InjectionValues & { readonly policy: string | undefined },
): Result<InjectionSettings, string> {
  const { policy } = values;
  const rules = policy === undefined ? undefined : readPolicyFile(policy);
  if (rules?.ok === false) return failed(`--policy: ${quote(policy ?? '', 256)} ${rules.problem}`);
  return ok({
    ...injectionSettings(values),
    ...(rules === undefined ? {} : { policy: rules.value }),
    native: nativeWithoutCluster(values['native-variables']),
    sidecars: sidecarsWithoutCluster(values['native-sidecars']),
  });
}

/** Ignores the variables of other settings, which are also set in the webhook's own pod. */
export function knownVariables(env: Environment, definitions: Definitions): Environment {
  const known = new Set(Object.keys(definitions).map(variableName));
  return Object.fromEntries(Object.entries(env).filter(([name]) => known.has(name)));
}
