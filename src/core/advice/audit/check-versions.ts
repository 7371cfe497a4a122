/** Compares the versions that running pods have with those of the listing. */
import { parseArn } from '../../names/arn.ts';
import { secretOfKey } from '../../plan/version-map.ts';
import type { AuditFindings } from './findings.ts';
import type { AuditPod } from './inputs.ts';
import type { SecretIndex } from './secret-index.ts';

interface Group {
  readonly workload: string;
  readonly secret: string;
  readonly stage: string;
  pods: number;
}

export function checkVersions(pods: readonly AuditPod[], index: SecretIndex, findings: AuditFindings): void {
  const stale = new Map<string, Group>();
  const undecided = new Map<string, Group>();
  for (const { workload, versions } of pods)
    for (const [key, version] of versions) {
      const { arn: text, stage } = secretOfKey(key);
      const arn = parseArn(text, '');
      if (!arn.ok) continue;
      const number = index.find(arn.value);
      const known = number === undefined ? undefined : index.all[number]?.listed?.versions;
      const current = known?.get(stage);
      if (current === version) continue;
      const groups = current === undefined ? undecided : stale;
      const name = JSON.stringify([workload, key]);
      const group = groups.get(name) ?? { workload, secret: text, stage, pods: 0 };
      group.pods += 1;
      groups.set(name, group);
    }
  for (const { workload, secret, stage, pods: count } of stale.values())
    findings.add(
      'version-stale',
      workload,
      `${count} ${count === 1 ? 'pod has' : 'pods have'} a version of ${secret} that is no longer ${stage}`,
      { workloads: [workload] },
    );
  for (const { workload, secret, stage } of undecided.values())
    findings.add('version-undecided', workload, `the version ${stage} of ${secret} is not in a listing`, {
      workloads: [workload],
    });
}
