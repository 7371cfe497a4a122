import type { Version } from './secret.ts';

/** Called for each label that moves to a version. */
export type LabelMoved = (label: string, version: Version) => void;

/** The version with this label: a label belongs to one version at a time. */
export function versionWith(versions: readonly Version[], label: string): Version | undefined {
  return versions.find(({ stages }) => stages.includes(label));
}

/**
 * Attaches a label to a version, and removes it from the others. If AWSCURRENT moves, the version that had it gets
 * AWSPREVIOUS.
 */
export function attachLabel(
  versions: readonly Version[],
  version: Version,
  label: string,
  moved: LabelMoved,
): void {
  const former = versionWith(versions, label);
  if (former === version) return;
  detachLabel(versions, label);
  version.stages.push(label);
  moved(label, version);
  if (label !== 'AWSCURRENT') return;
  version.stages = version.stages.filter((stage) => stage !== 'AWSPREVIOUS');
  if (former !== undefined) attachLabel(versions, former, 'AWSPREVIOUS', moved);
}

/** Removes a label from every version. */
export function detachLabel(versions: readonly Version[], label: string): void {
  for (const version of versions) version.stages = version.stages.filter((stage) => stage !== label);
}
