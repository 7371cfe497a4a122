/** `pin-version`: the versions that the rollout controller recorded become those of the plan. */
import type { Asked } from '../annotations/read-asked.ts';
import { textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { VERSIONS_KEY } from '../names/rollout-keys.ts';
import type { PlanSecret } from '../plan/plan.ts';
import { readVersionMap, type VersionMap, versionKey } from '../plan/version-map.ts';
import type { Findings } from '../problems/findings.ts';

const NOTHING: VersionMap = new Map();

/**
 * The secrets of the plan. Without `pin-version`, they are those that were asked for. A secret without a recorded version is a
 * problem; one whose version is in the reference needs none.
 */
export function pinSecrets(
  { options, secrets }: Pick<Asked, 'options' | 'secrets'>,
  annotations: unknown,
  findings: Findings,
): readonly PlanSecret[] {
  if (!options.pinVersion) return secrets;
  const recorded = recordedVersions(annotations, findings);
  return secrets.map((secret) => {
    const key = versionKey(secret);
    if (key === undefined || recorded === undefined) return secret;
    const pinned = recorded.get(key);
    if (pinned === undefined) {
      findings.add(() => ({
        code: 'VERSION_NOT_RECORDED',
        subject: annotationKey('pin-version'),
        wrong: `the pod template records no version of ${key}`,
        expected: ADVICE,
      }));
      return secret;
    }
    const { failover, ...rest } = secret;
    // Regions are the last member: see `formatPlan`.
    return { ...rest, pinned, ...(failover === undefined ? {} : { failover }) };
  });
}

const ADVICE =
  'wait for the rollout controller, which records versions in pod templates of Deployments, StatefulSets, DaemonSets and ' +
  'Argo Rollouts (docs/guides/rollout.md); where it is not installed, remove the option';

function recordedVersions(annotations: unknown, findings: Findings): VersionMap | undefined {
  const text = textField(annotations, VERSIONS_KEY);
  if (text === undefined) return NOTHING;
  const read = readVersionMap(text);
  if (read.ok) return read.value;
  findings.add({
    code: 'VERSION_NOT_RECORDED',
    subject: VERSIONS_KEY,
    wrong: `the annotation ${read.problem}`,
    expected: 'remove it from the pod template; the rollout controller writes it again',
  });
  return undefined;
}
