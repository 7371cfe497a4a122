/** Puts into the AWS stand-in what a plan refers to, with values made anew in every run. */
import { parseArn } from '../../src/core/names/arn.ts';
import type { Plan } from '../../src/core/plan/plan.ts';
import type { StandIn, VersionInput } from '../aws-fake/index.ts';
import { secretTextFor } from './made-up-secrets.ts';

export const ROLE_ARN = 'arn:aws:iam::111122223333:role/demo';

/** The text of each secret of the plan, in the plan's order. */
export type SecretContents = readonly string[];

/** Makes a role that may read exactly the plan's secrets, and the secrets with every version that is asked for. */
export function fillStandIn(standIn: StandIn, plan: Plan, subject: string): SecretContents {
  const contents = plan.secrets.map((_secret, index) => secretTextFor(plan, index));
  const versions = new Map<string, VersionInput[]>();
  for (const [index, secret] of plan.secrets.entries()) {
    const arn = completeArn(secret.arn);
    const list = versions.get(arn) ?? [];
    const stage = secret.stage ?? (secret.versionId === undefined ? 'AWSCURRENT' : `demo-${index}`);
    const value = contents[index] ?? '';
    list.push({
      ...(secret.versionId === undefined ? {} : { id: secret.versionId }),
      stages: [stage],
      value,
    });
    versions.set(arn, list);
  }
  standIn.putRole({ arn: ROLE_ARN, subjects: [subject], allow: [...versions.keys()] });
  for (const [arn, list] of versions) standIn.putSecret({ arn, versions: list });
  return contents;
}

/** The stand-in holds secrets by complete ARNs; a plan may ask by one without the suffix. */
function completeArn(text: string): string {
  const arn = parseArn(text, text);
  return !arn.ok || arn.value.suffix !== undefined ? text : `${text}-DeMo01`;
}
