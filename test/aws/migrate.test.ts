/** A migrated pod gets the variables and files that the other tool gave it: webhook, fetcher and AWS fake. */
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import { planTextFor } from '../fetcher/asked-plan.ts';
import { type AwsStage, inMemory, makeAwsStage } from '../fetcher/aws-stage.ts';
import { type Case, EXTERNAL_SECRETS, POD_TOOLS, SECRETS_STORE } from '../migrate/cases.ts';
import { listedArn, migrated, podsOf } from '../migrate/migrated.ts';

let aws: AwsStage;
beforeAll(async () => {
  aws = await makeAwsStage({}, inMemory());
});
beforeEach(() => aws.reset());
afterAll(() => aws.stop());

/** Puts the secrets into the fake, under ARNs with a suffix. */
function putSecrets(secrets: Case['secrets']): void {
  const names = new Set(Object.keys(secrets).map((name) => name.split(' ')[0] ?? ''));
  for (const name of names) {
    const versions = Object.entries(secrets)
      .filter(([key]) => key.split(' ')[0] === name)
      .map(([key, value]) => {
        const version = key.split(' ')[1] ?? 'AWSCURRENT';
        return version.startsWith('AWS')
          ? { stages: [version], value }
          : { id: version, stages: ['mine'], value };
      });
    aws.standIn.putSecret({ arn: listedArn(name), versions });
  }
}

interface MigratedPod {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
}

async function expectDelivered({ manifests, secrets, options, variables, files }: Case): Promise<void> {
  putSecrets(secrets);
  const result = migrated(manifests, options);
  const [file] = result.files;
  const [template] = podsOf(file?.migrated ?? '');
  if (template === undefined) throw new Error('no pod');
  expect(
    result.migration.entries.filter(({ fate }) => fate === 'not-carried'),
    'everything is carried',
  ).toEqual([]);
  expect(JSON.stringify(template.pod)).not.toMatch(
    /secretRef|secretKeyRef|"csi"|secretName|projected|k8s\.aws|vault\.hashicorp|bank-vaults|configMapKeyRef|"value":"arn/,
  );
  const asked = planTextFor(template.pod);
  if ('refused' in asked) throw new Error(asked.refused);
  const read = readPlan(asked.text);
  if (!read.ok) throw new Error('the plan cannot be read');
  const { plan } = read.value;
  // Once, instead of as a sidecar.
  const { refresh: _, ...once } = plan;
  const finished = await aws.stage.run(once);
  expect(finished.code, finished.termination).toBe(0);
  const { annotations } = (template.pod as MigratedPod).metadata;
  const mountPath = annotations['secrets-injector.dev/mount-path'] ?? '/run/secrets/aws';
  const contentOf = (name: string) => aws.stage.read(path.relative(mountPath, name)).toString();
  for (const [name, content] of Object.entries(files ?? {})) expect(contentOf(name), name).toBe(content);
  const lines = variables === undefined ? [] : aws.stage.read('env').toString().trimEnd().split('\n');
  expect(lines.toSorted()).toEqual(
    Object.entries(variables ?? {})
      .map(([name, value]) => `${name}='${value}'`)
      .toSorted(),
  );
}

describe('External Secrets', () => {
  it.each(EXTERNAL_SECRETS)('$name', expectDelivered);
});

describe('the Secrets Store CSI driver', () => {
  it.each(SECRETS_STORE)('$name', expectDelivered);
});

describe('tools that read annotations and variables of pods', () => {
  it.each(POD_TOOLS)('$name', expectDelivered);
});
