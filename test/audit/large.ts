/** A large cluster: workloads with roles of their own, of which some may read all secrets. */
import {
  allowRead,
  type Documents,
  deployment,
  iamRole,
  listed,
  policy,
  roleArn,
  secretArn,
  serviceAccount,
  trustIn,
} from './inputs.ts';

export function largeCluster(
  workloads: number,
  secrets: number,
): Required<Pick<Documents, 'objects' | 'roles' | 'secrets'>> {
  const arn = (index: number) => secretArn(`team${index % 50}/s${index % secrets}-AbCdEf`);
  const arns = Array.from({ length: secrets }, (_, index) => arn(index));
  const needs = (index: number) =>
    [0, 1, 2, 3, 4].flatMap((each) => arns[(index * 7 + each * 13) % secrets] ?? []);
  const byTag = { StringEquals: { 'aws:ResourceTag/team': `\${aws:PrincipalTag/team}` } };
  const names = Array.from({ length: workloads }, (_, index) => `w${index}`);
  return {
    objects: names.flatMap((name, index) => [
      deployment(name, needs(index)),
      serviceAccount(name, roleArn(name)),
    ]),
    roles: names.map((name, index) => {
      const more = [
        [],
        [allowRead('*')],
        [{ ...allowRead('*'), Condition: byTag }],
        [allowRead(secretArn(`team${index % 50}/*`))],
      ][index % 4];
      const document = policy(allowRead(...needs(index)), ...(more ?? []));
      const tags = { Tags: [{ Key: 'team', Value: `t${index % 50}` }] };
      return iamRole(roleArn(name), policy(trustIn(name)), [document], tags);
    }),
    secrets: arns.map((one, index) => listed(one, { Tags: [{ Key: 'team', Value: `t${index % 50}` }] })),
  };
}
