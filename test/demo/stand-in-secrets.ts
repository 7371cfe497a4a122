/** Puts into the AWS stand-in what a plan refers to, with values made anew in every run. */
import { randomBytes } from 'node:crypto';
import { parseArn } from '../../src/core/arn.ts';
import type { Plan } from '../../src/core/plan.ts';
import type { StandIn, VersionInput } from '../stand-in/index.ts';

export const ROLE_ARN = 'arn:aws:iam::111122223333:role/demo';

/** The members of each secret of the plan, in the plan's order. */
export type SecretContents = readonly Readonly<Record<string, string>>[];

/** Makes a role that may read exactly the plan's secrets, and the secrets with every version that is asked for. */
export function fillStandIn(standIn: StandIn, plan: Plan, subject: string): SecretContents {
  const contents = plan.secrets.map((_secret, index) => contentsFor(plan, index));
  const versions = new Map<string, VersionInput[]>();
  for (const [index, secret] of plan.secrets.entries()) {
    const arn = completeArn(secret.arn);
    const list = versions.get(arn) ?? [];
    const stage = secret.stage ?? (secret.versionId === undefined ? 'AWSCURRENT' : `demo-${index}`);
    const value = JSON.stringify(contents[index]);
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
  return 'code' in arn || arn.suffix !== undefined ? text : `${text}-DeMo01`;
}

/** A value for every key that the plan names, and two more for those who take all. One holds what shells trip over. */
function contentsFor(plan: Plan, secret: number): Record<string, string> {
  const named = plan.views
    .flatMap((view) => [...view.env, ...view.files])
    .flatMap((entry) => (entry.secret === secret && entry.key !== undefined ? [entry.key] : []));
  const spread = plan.views.some((view) =>
    [...view.envFrom, ...view.filesFrom].some((entry) => entry.secret === secret),
  );
  const keys = spread ? [...named, 'MAIL_HOST', 'MAIL_PASSWORD'] : named.length > 0 ? named : ['value'];
  return Object.fromEntries(keys.map((key) => [key, valueFor(key)]));
}

function valueFor(key: string): string {
  return /user|host/i.test(key)
    ? `${key.toLowerCase()}-${random()}`
    : `it's "$(${random()})" \`x\` \\ ${random()}`;
}

function random(): string {
  return randomBytes(6).toString('hex');
}
