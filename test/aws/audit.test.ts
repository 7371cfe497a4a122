/** The audit with roles and secrets of moto, read by the built program: with the AWS CLI's credentials, and as a pod. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateSecretCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/core/advice/audit/audit.ts';
import { CA_BUNDLE_VARIABLE } from '../../src/core/names/network-variables.ts';
import { INVENTORY_ACTIONS } from '../../src/inventory/actions.ts';
import { allowRead, deployment, policy, roleArn, serviceAccount, trustIn } from '../audit/inputs.ts';
import { ROOT, readPage } from '../unit/docs/page.ts';
import { findMoto } from './moto-files.ts';
import { type MotoServer, startMoto } from './moto-server.ts';

const ACCOUNT = '111122223333';
const REGIONS = ['eu-west-1', 'us-east-1'] as const;
const VALUE = 'value-that-nobody-reads';
const KEY = 'key-that-nobody-prints';

const moto = await findMoto();
if (typeof moto === 'string') console.log(`skipped: ${moto}`);

describe.skipIf(typeof moto === 'string')('against moto', () => {
  let server: MotoServer;
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  const arns: string[] = [];

  beforeAll(async () => {
    if (typeof moto === 'string') return;
    server = await startMoto(moto, ACCOUNT, { enforcesIam: true });
    tls.setDefaultCACertificates([server.caPem]);
    await enforce(false);
    folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-audit-live-'));
    const owner = { endpoint: server.url, credentials: { accessKeyId: 'owner', secretAccessKey: 'owner' } };
    for (const region of REGIONS) {
      const client = new SecretsManagerClient({ region, ...owner });
      // More than a page of ListSecrets in the first Region.
      const count = region === 'eu-west-1' ? 103 : 1;
      const created = await Promise.all(
        Array.from({ length: count }, (_, index) =>
          client.send(new CreateSecretCommand({ Name: `shop/${index}`, SecretString: VALUE })),
        ),
      );
      arns.push(...created.map(({ ARN = '' }) => ARN));
      const ResourcePolicy = JSON.stringify(policy({ ...allowRead('*'), Principal: '*' }));
      const SecretId = arns.at(-1);
      if (region === 'us-east-1')
        await client.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
      client.destroy();
    }
    const iam = new IAMClient({ region: 'us-east-1', ...owner });
    await iam.send(
      new CreateRoleCommand({
        RoleName: 'web',
        AssumeRolePolicyDocument: JSON.stringify(policy(trustIn('web'))),
      }),
    );
    const { Policy } = await iam.send(
      new CreatePolicyCommand({
        PolicyName: 'secrets',
        PolicyDocument: JSON.stringify(policy(allowRead(arns[0] ?? '', arns[1] ?? ''))),
      }),
    );
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'web', PolicyArn: Policy?.Arn }));
    const auditor = [...readPage('docs/guides/audit.md').matchAll(/^ *```json\n(.*?)^ *```$/gms)].map(
      ([, text]) => text,
    );
    expect(auditor).toHaveLength(1);
    expect(JSON.parse(auditor[0] ?? '')).toMatchObject({
      Statement: [{ Action: Object.values(INVENTORY_ACTIONS) }],
    });
    await iam.send(
      new CreateRoleCommand({
        RoleName: 'auditor',
        AssumeRolePolicyDocument: JSON.stringify(policy(trustIn('auditor'))),
      }),
    );
    await iam.send(
      new PutRolePolicyCommand({ RoleName: 'auditor', PolicyName: 'audit', PolicyDocument: auditor[0] }),
    );
    iam.destroy();
    const objects = [
      deployment('web', [arns[0] ?? '', arns[2] ?? '']),
      serviceAccount('web', roleArn('web')),
    ];
    writeFileSync(at('web.yaml'), objects.map((one) => JSON.stringify(one)).join('\n---\n'));
    const exported = { Version: 1, AccessKeyId: KEY, SecretAccessKey: KEY, SessionToken: KEY };
    writeFileSync(
      at('aws'),
      `#!/bin/sh\n[ "$1 $2" = "configure export-credentials" ] || exit 1\ncat <<'END'\n${JSON.stringify(exported)}\nEND\n`,
      { mode: 0o755 },
    );
    writeFileSync(at('token'), 'any.token.at-all');
  });
  afterAll(async () => {
    await server?.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  /** Turns decisions by IAM policies on or off. */
  async function enforce(on: boolean): Promise<void> {
    const body = on ? '0' : 'inf';
    const answer = await fetch(`${server.url}/moto-api/reset-auth`, { method: 'POST', body });
    expect(answer.status).toBe(200);
  }

  interface Finished {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }

  function audit(env: Readonly<Record<string, string>>, ...flags: readonly string[]): Promise<Finished> {
    const args = ['audit', '--live', '-f', at('web.yaml'), '--format', 'json', ...flags];
    const variables = {
      PATH: process.env['PATH'] ?? '',
      AWS_ENDPOINT_URL: server.url,
      [CA_BUNDLE_VARIABLE]: server.caPem,
    };
    return new Promise((resolve) => {
      execFile(
        path.join(ROOT, 'dist/aws-secrets-injector'),
        args,
        { env: { ...variables, ...env }, maxBuffer: 1 << 26 },
        (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  const IN_POD = {
    KUBERNETES_SERVICE_HOST: '127.0.0.1',
    AWS_ROLE_ARN: roleArn('auditor'),
    AWS_REGION: 'eu-west-1',
  };

  it.each([
    ['the credentials of the AWS CLI', false, () => ({ AWS_REGION: 'eu-west-1' })],
    // With exactly the permissions of the guide.
    ['the identity of the pod', true, () => ({ ...IN_POD, AWS_WEB_IDENTITY_TOKEN_FILE: at('token') })],
  ])('reads all pages of roles, secrets and resource policies with %s', async (_, isEnforced, env) => {
    await enforce(isEnforced);
    const before = server.log.length;
    const flags = ['--aws-cli', at('aws'), '--region', 'eu-west-1', '--region', 'us-east-1'];
    const { code, stdout, stderr } = await audit(env(), ...flags);
    expect([code, stderr]).toEqual([1, '']);
    const report = JSON.parse(stdout) as AuditReport;
    expect(report.counts).toMatchObject({ workloads: 1, roles: 2, secrets: 104 });
    const found = report.findings.filter(({ level }) => level !== 'note');
    expect(found.map(({ code: rule, subject, items }) => [rule, subject, ...items])).toEqual([
      ['secret-open-to-everyone', arns.at(-1)],
      ['used-not-granted', roleArn('web')],
      ['granted-unused', roleArn('web'), arns[1]],
    ]);
    expect(stdout + server.log.slice(before).join('\n')).not.toMatch(new RegExp(`${VALUE}|${KEY}`));
  });

  it('names the call that fails, and says how to sign in', async () => {
    const region = ['--region', 'eu-west-1'];
    const missing = await audit({}, ...region, '--aws-cli', at('no-such-program'));
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('was not found: install the AWS CLI');
    expect((await audit({}, ...region, '--aws-cli', '/bin/false')).stderr).toContain(
      'failed: run it, and sign in',
    );
    expect((await audit({}, '--aws-cli', at('aws'))).stderr).toContain('set --region');
    const closed = { AWS_ENDPOINT_URL: 'https://127.0.0.1:1', AWS_REGION: 'eu-west-1' };
    expect((await audit(closed, '--aws-cli', at('aws'))).stderr).toMatch(
      /iam:GetAccountAuthorizationDetails failed: no answer \(ECONNREFUSED\)/,
    );
    expect((await audit(IN_POD)).stderr).toContain('sets AWS_ROLE_ARN but not AWS_WEB_IDENTITY_TOKEN_FILE');
  });
});
