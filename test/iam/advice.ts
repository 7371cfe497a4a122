/** The policies for manifests, as the command makes them. */
import { readAccess } from '../../src/cli/manifests/pod-access.ts';
import { readManifests } from '../../src/cli/manifests/read-manifests.ts';
import type { PodAccess } from '../../src/core/advice/access.ts';
import type { Advice, AdviceSettings } from '../../src/core/advice/advice.ts';
import { advise } from '../../src/core/advice/advise.ts';
import type { RefreshCheck } from '../../src/core/plan/refresh.ts';
import type { InjectionSettings } from '../../src/core/settings.ts';

const SETTINGS: InjectionSettings = {
  image: 'registry.example/aws-secrets-injector:1',
  sidecars: { can: true },
};

/** @param refreshCheck of the operator @throws Error if a pod would be denied, or a policy cannot be made */
export function adviceFor(
  manifest: string,
  settings: Partial<AdviceSettings> = {},
  refreshCheck: RefreshCheck = 'describe',
): Advice {
  const read = readManifests(manifest, 'default');
  if (!read.ok) throw new Error(read.problem);
  const pods = read.value.templates.flatMap((template): readonly PodAccess[] => {
    const access = readAccess(template, read.value.roles, { ...SETTINGS, refreshCheck });
    if (!access.ok) throw new Error(access.problem.join('\n'));
    return access.value === undefined ? [] : [access.value];
  });
  const advice = advise(pods, {
    keys: [],
    pinStage: false,
    account: undefined,
    trust: undefined,
    ...settings,
  });
  if (!advice.ok) throw new Error(advice.problem.join('\n'));
  return advice.value;
}
