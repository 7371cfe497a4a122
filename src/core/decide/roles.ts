/** Problems of the roles that a pod names, and of the volume with the token for `role-arn`. */

import { FETCHER_NAME } from '../additions/injected-objects.ts';
import { isRoleTokenVolume } from '../additions/role-token.ts';
import type { Options } from '../annotations/options.ts';
import { textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { ROLE_TOKEN_VOLUME } from '../names/identity-variables.ts';
import type { RoleArn } from '../names/role-arn.ts';
import type { PlanSecret } from '../plan/plan.ts';
import type { Pod } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { FETCH_COMMAND, type InjectionSettings } from '../settings.ts';
import { conflict, type EarlierPass, nameConflict } from './earlier-pass.ts';

/** A role that a pod names, and the annotation that names it. */
export interface WrittenRole {
  readonly role: RoleArn;
  readonly subject: string;
}

/** The roles of a pod, in the order in which the fetcher uses them. */
export function rolesOf({ roleArn, assumeRoleArn }: Options): readonly WrittenRole[] {
  const roles: WrittenRole[] = [];
  if (roleArn !== undefined) roles.push({ role: roleArn, subject: annotationKey('role-arn') });
  if (assumeRoleArn !== undefined)
    roles.push({ role: assumeRoleArn, subject: annotationKey('assume-role-arn') });
  return roles;
}

/** Credentials of one partition are not valid in another: AWS has no role that could read across partitions. */
export function checkPartitions(options: Options, secrets: readonly PlanSecret[], findings: Findings): void {
  const roles = rolesOf(options);
  for (const written of roles) {
    const { partition } = written.role;
    const secret = secrets.find(({ arn }) => partitionOf(arn) !== partition);
    if (secret !== undefined) findings.add(mismatch(written, `secret ${quote(secret.arn, 128)}`, secret.arn));
  }
  const [first, second] = roles;
  if (first !== undefined && second !== undefined && first.role.partition !== second.role.partition)
    findings.add(mismatch(second, `the role of ${first.subject}`, first.role.text));
}

function partitionOf(arn: string): string {
  return arn.split(':', 2)[1] ?? '';
}

function mismatch({ role, subject }: WrittenRole, other: string, arn: string): Problem {
  return {
    code: 'ARN_PARTITION_MISMATCH',
    subject,
    wrong: `${quote(role.text, 128)} is a role of partition ${role.partition}, but ${other} belongs to partition ${partitionOf(arn)}`,
    expected: 'use a role of the same partition; credentials of one partition are not valid in another',
  };
}

/** The fetcher of release 0.1 does not know these options. It would sign in with another role, or end. */
export function checkEarlierRelease({ fetcher }: EarlierPass, options: Options, findings: Findings): void {
  if (fetcher === undefined || fetcher.container.command?.[0] === FETCH_COMMAND[0]) return;
  const subjects = rolesOf(options).map(({ subject }) => subject);
  if (options.refresh !== undefined) subjects.push(annotationKey('refresh'));
  for (const subject of subjects)
    findings.add(conflict(fetcher.container, `is of a release that does not support ${subject}`));
}

/** Adds other contents of the token's volume, and containers that could read the token. */
export function checkRoleToken(
  pod: Pod,
  options: Options,
  settings: InjectionSettings,
  findings: Findings,
): void {
  for (const [index, volume] of pod.volumes.entries()) {
    const isWanted = options.roleArn !== undefined && volume['name'] === ROLE_TOKEN_VOLUME;
    if (isWanted && !isRoleTokenVolume(volume, settings))
      findings.add(
        nameConflict(
          `volumes[${index}]`,
          `volume ${ROLE_TOKEN_VOLUME} (a reserved name) differs from the volume that the injector adds`,
        ),
      );
  }
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (container.name === FETCHER_NAME) continue;
    for (const mount of container.mounts) {
      if (textField(mount, 'name') !== ROLE_TOKEN_VOLUME) continue;
      findings.add(() =>
        nameConflict(
          `${container.list}[${container.index}].volumeMounts`,
          `volume ${ROLE_TOKEN_VOLUME} (a reserved name) is mounted in container ${quote(container.name)}, but only ${FETCHER_NAME} may read the token`,
        ),
      );
    }
  }
}
