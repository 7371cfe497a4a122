/** The chart and the kustomize base install the same objects, also with values that stand for a component. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MANIFESTS } from '../unit/manifests/manifest-files.ts';
import { comparable } from './differences.ts';
import { chartObjects, hasKubectl, helmUnavailable, kustomizeObjects, NAME, provideHelm } from './helm.ts';

const missing = helmUnavailable('4') ?? (hasKubectl() ? undefined : 'kubectl is not installed');
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

const CA = '-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----\n';

interface Case {
  readonly name: string;
  readonly flags: readonly string[];
  readonly folder: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly images?: readonly object[];
  /** Objects of the kustomization that users of the chart create themselves. */
  readonly own?: readonly string[];
}

const CASES: readonly Case[] = [
  { name: 'default values', flags: [], folder: 'base' },
  {
    name: 'an image by digest',
    flags: [
      '--set=image.repository=registry.example:5000/a/injector',
      `--set=image.digest=sha256:${'a'.repeat(64)}`,
    ],
    folder: 'base',
    images: [{ name: NAME, newName: 'registry.example:5000/a/injector', digest: `sha256:${'a'.repeat(64)}` }],
  },
  {
    name: 'secondPass.enabled',
    flags: ['--set=secondPass.enabled=true'],
    folder: 'base',
    components: ['second-pass/registration'],
  },
  {
    name: 'nativeVariables: forbidden',
    flags: ['--set=nativeVariables=forbidden'],
    folder: 'base',
    components: ['no-native-variables'],
  },
  { name: 'policy', flags: ['--set-json=policy={"rules":[]}'], folder: 'base', components: ['policy'] },
  {
    name: 'policyEvents with the second registration',
    flags: ['--set=policyEvents=true,secondPass.enabled=true'],
    folder: 'base',
    components: ['second-pass/registration', 'events'],
  },
  {
    name: 'autoscaling and the quota for the priority class',
    flags: ['--set=autoscaling.enabled=true,priorityClassQuota.enabled=true'],
    folder: 'base',
    components: ['autoscaling', 'priority-class-quota'],
  },
  {
    name: 'monitoring',
    flags: [
      '--set=monitoring.podMonitor.enabled=true,monitoring.prometheusRule.enabled=true,monitoring.dashboard.enabled=true',
    ],
    folder: 'base',
    resources: ['monitoring'],
  },
  {
    name: 'rollout.enabled',
    flags: ['--set=rollout.enabled=true'],
    folder: 'base',
    components: ['rollout'],
  },
  {
    name: 'cert-manager with the second registration',
    flags: ['--set=certificates.source=cert-manager,secondPass.enabled=true'],
    folder: 'overlays/cert-manager',
    components: ['second-pass/cert-manager'],
  },
  {
    name: 'certificates from a Secret with the second registration',
    flags: [
      '--set=certificates.source=secret,secondPass.enabled=true',
      `--set-literal=certificates.secret.caBundle=${CA}`,
    ],
    folder: 'overlays/generated-certs',
    components: ['second-pass/generated-certs'],
    own: [`Secret ${NAME} ${NAME}-tls`],
  },
  {
    name: 'no access to the API server, with a policy and without native variables',
    flags: [
      '--set=certificates.source=secret,nodeAccess=false,nativeVariables=forbidden',
      `--set-literal=certificates.secret.caBundle=${CA}`,
      '--set-json=policy={"rules":[]}',
    ],
    folder: 'overlays/generated-certs',
    components: ['no-api-access', 'no-native-variables', 'policy'],
    own: [`Secret ${NAME} ${NAME}-tls`],
  },
];

describe.skipIf(missing !== undefined)('the chart equals the kustomize base', () => {
  let helm = '';
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-chart-'));

  beforeAll(async () => {
    helm = await provideHelm('4');
    cpSync(MANIFESTS, path.join(folder, 'manifests'), { recursive: true });
    const certs = path.join(folder, 'manifests/overlays/generated-certs/certs');
    mkdirSync(certs, { recursive: true });
    // Substitutes for the files of the certs command.
    const value = Buffer.from(CA).toString('base64');
    const patch = JSON.stringify(
      [0, 1, 2, 3, 4, 5].map((at) => ({ op: 'add', path: `/webhooks/${at}/clientConfig/caBundle`, value })),
    );
    for (const [name, text] of [
      ['tls.crt', 'certificate'],
      ['tls.key', 'not a key'],
      ['ca-bundle.yaml', patch],
    ] as const)
      writeFileSync(path.join(certs, name), text);
  }, 1_800_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(CASES)('$name', async (one) => {
    const { flags, folder: base, resources = [], components = [], images = [], own = [] } = one;
    const mine = mkdtempSync(path.join(folder, 'my-cluster-'));
    writeFileSync(
      path.join(mine, 'kustomization.yaml'),
      JSON.stringify({
        resources: [base, ...resources].map((name) => `../manifests/${name}`),
        components: components.map((name) => `../manifests/components/${name}`),
        images,
      }),
    );
    const expected = comparable(kustomizeObjects(mine));
    const kept = Object.entries(expected).filter(([name]) => !own.includes(name));
    expect(Object.keys(expected).length - kept.length).toBe(own.length);
    expect(comparable(await chartObjects(helm, ...flags))).toEqual(Object.fromEntries(kept));
  });
});
