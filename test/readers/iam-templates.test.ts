/** The templates of iam-policy, read by linters and parsers of other projects: cfn-lint, python-hcl2 and yaml. */
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Advice } from '../../src/core/advice/advice.ts';
import { formatCloudFormation } from '../../src/core/advice/format-cloudformation.ts';
import { formatTerraform } from '../../src/core/advice/format-terraform.ts';
import { parseIssuer } from '../../src/core/advice/issuer.ts';
import { accountsOf, contentsFor } from '../../src/core/advice/template-contents.ts';
import { adviceFor } from '../iam/advice.ts';
import { ACCOUNTS, manifestOf, wantingPod } from '../iam/pods.ts';
import { findPythonPackages } from '../setup/python-packages.ts';
import { ask } from './reader.ts';

const SEED = Number(process.env['READERS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const CFN_LINT = '1.58.0';
const HCL = '8.1.4';
const PROGRAM = path.join(import.meta.dirname, 'programs/read-templates.py');

const found = await findPythonPackages(
  `templates-cfn-lint-${CFN_LINT}-hcl2-${HCL}`,
  [`cfn-lint==${CFN_LINT}`, `python-hcl2==${HCL}`],
  'installing cfn-lint and python-hcl2 for the reader tests, about a minute, once',
);
if (typeof found === 'string') console.log(`skipped: ${found}`);

interface Case {
  readonly advice: Advice;
  readonly account: string;
  readonly createRoles: boolean;
}

/** Templates for generated pods, with and without roles, for each account. */
function cases(): readonly Case[] {
  const lists = fc.sample(fc.array(wantingPod, { minLength: 1, maxLength: 4 }), { seed: SEED, numRuns: 6 });
  return lists.flatMap((list, index) => {
    const createRoles = index % 2 === 0;
    const issuer = parseIssuer(
      'https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE',
    );
    const kind = index % 4 === 0 ? 'irsa' : 'pod-identity';
    const trust = {
      kind,
      issuer,
      audience: 'sts.amazonaws.com',
      roleTokenAudience: 'sts.amazonaws.com',
      cluster: undefined,
      sessionTags: true,
    } as const;
    const advice = adviceFor(manifestOf(list), {
      account: ACCOUNTS[0],
      pinStage: index % 3 === 0,
      trust: createRoles ? trust : undefined,
    });
    return accountsOf(advice).map((account) => ({ advice, account, createRoles }));
  });
}

type Resources = Readonly<
  Record<string, { readonly Type: string; readonly Properties: Readonly<Record<string, unknown>> }>
>;

/** The policies of a template by what they are, in order. */
function cloudFormationPolicies(text: string): readonly unknown[] {
  const { Resources: resources } = parse(text) as { readonly Resources: Resources };
  return sorted(
    Object.values(resources).flatMap(({ Properties: one }) => [
      one['PolicyDocument'] ?? one['AssumeRolePolicyDocument'] ?? one['ResourcePolicy'],
    ]),
  );
}

function terraformPolicies(
  blocks: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): readonly unknown[] {
  return sorted(Object.values(blocks).flatMap((one) => one['policy'] ?? one['assume_role_policy'] ?? []));
}

function expectedPolicies({ advice, account, createRoles }: Case): readonly unknown[] {
  return sorted([
    ...advice.identities
      .filter((one) => one.account === account)
      .flatMap(({ permissions, trust }) => [
        ...permissions,
        ...(createRoles && trust !== undefined ? [trust] : []),
      ]),
    ...advice.secrets.filter(({ arn }) => arn.account === account).map(({ policy }) => policy),
  ]);
}

function sorted(policies: readonly unknown[]): readonly unknown[] {
  return policies.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

describe.skipIf(typeof found === 'string')('templates', () => {
  it(`contain the policies, without problems (READERS_SEED=${SEED})`, { timeout: 120_000 }, () => {
    if (typeof found === 'string') return;
    const all = cases();
    const texts = all.map(({ advice, account, createRoles }) => {
      const contents = contentsFor(advice, account, createRoles);
      return [formatCloudFormation(contents), formatTerraform(contents)] as const;
    });
    const answers = ask(found.python, [PROGRAM], texts, { PYTHONPATH: found.folder }) as readonly [
      readonly string[],
      Readonly<Record<string, Readonly<Record<string, unknown>>>>,
    ][];
    expect(answers).toHaveLength(all.length);
    for (const [index, [problems, blocks]] of answers.entries()) {
      const one = all[index];
      if (one === undefined) continue;
      expect(problems).toEqual([]);
      const expected = expectedPolicies(one);
      expect(cloudFormationPolicies(texts[index]?.[0] ?? '')).toEqual(expected);
      expect(terraformPolicies(blocks)).toEqual(expected);
      const attached = Object.entries(blocks).filter(([name]) =>
        name.startsWith('aws_iam_role_policy_attachment.'),
      );
      for (const [name, attributes] of attached) {
        const [, id = ''] = name.split('.');
        expect(attributes['policy_arn']).toBe(`\${aws_iam_policy.${id}.arn}`);
        const role = /^\$\{(aws_iam_role\.\w+)\.name\}$/.exec(String(attributes['role']))?.[1];
        // A role whose trust policy is not known is not created.
        if (role === undefined) expect(attributes['role']).toMatch(/^[a-z]+$/);
        else expect(blocks).toHaveProperty([role]);
      }
    }
  });
});
