/**
 * The policies of iam-policy against moto, a second opinion: it checks their form, and decides about the calls of the
 * built fetcher. moto decides rightly about actions and complete ARNs of plain names. It does not evaluate the conditions
 * of permission policies, takes `?` and `.` in resources for parts of a regular expression, ignores resource policies, and
 * compares the ARN of a session with principals that name its role: the evaluator in `test/iam` decides about those.
 */
import tls from 'node:tls';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseIssuer } from '../../src/core/advice/issuer.ts';
import { parseKeyArn } from '../../src/core/advice/key-arn.ts';
import { ACCOUNT, planOf } from '../fetcher/plans.ts';
import { Stage } from '../fetcher/stage.ts';
import { adviceFor } from '../iam/advice.ts';
import { manifestOf, type Wanted, type WantingPod } from '../iam/pods.ts';
import { findMoto } from './moto-files.ts';
import { type MotoServer, startMoto } from './moto-server.ts';

const REGION = 'eu-west-1';
const WEB = `arn:aws:iam::${ACCOUNT}:role/web`;
const API = `arn:aws:iam::${ACCOUNT}:role/api`;

const moto = await findMoto();
if (typeof moto === 'string') console.log(`skipped: ${moto}`);

/** A reference of a pod to a secret that exists. */
function wantedOf(arn: string): Wanted {
  const resource = arn.split(':')[6] ?? '';
  const [name, suffix] = [resource.slice(0, -7), resource.slice(-6)];
  return { region: REGION, account: ACCOUNT, name, suffix, isPartial: false, version: {} };
}

describe.skipIf(typeof moto === 'string')('against moto', () => {
  let server: MotoServer;
  let stage: Stage;
  let client: SecretsManagerClient;

  beforeAll(async () => {
    if (typeof moto === 'string') return;
    server = await startMoto(moto, ACCOUNT, { enforcesIam: true });
    tls.setDefaultCACertificates([server.caPem]);
    stage = new Stage(server.caPem, { AWS_ENDPOINT_URL: server.url });
    stage.writeToken('any.token.at-all');
    client = new SecretsManagerClient({
      region: REGION,
      endpoint: server.url,
      credentials: { accessKeyId: 'owner', secretAccessKey: 'owner' },
    });
  });
  beforeEach(async () => {
    stage.clear();
    await enforce(false);
  });
  afterAll(async () => {
    client?.destroy();
    stage?.remove();
    await server?.stop();
  });

  /** Turns decisions by IAM policies on or off. */
  async function enforce(on: boolean): Promise<void> {
    const answer = await fetch(`${server.url}/moto-api/reset-auth`, {
      method: 'POST',
      body: on ? '0' : 'inf',
    });
    expect(answer.status).toBe(200);
  }

  /** Calls IAM. @returns the answer; it is checked */
  async function iam(action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const answer = await fetch(server.url, {
      method: 'POST',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }),
    });
    const text = await answer.text();
    expect(answer.status, text).toBe(200);
    return text;
  }

  async function createSecret(name: string): Promise<string> {
    const { ARN } = await client.send(new CreateSecretCommand({ Name: name, SecretString: name }));
    if (ARN === undefined) throw new TypeError('moto made no secret');
    return ARN;
  }

  let policies = 0;
  /** Creates the roles of the pods with the policies that the command prints. */
  async function createRoles(pods: readonly WantingPod[]): Promise<void> {
    const advice = adviceFor(manifestOf(pods), {
      trust: {
        kind: 'irsa',
        issuer: parseIssuer('https://oidc.example/id/1'),
        audience: 'sts.amazonaws.com',
        roleTokenAudience: 'sts.amazonaws.com',
        cluster: undefined,
        sessionTags: true,
      },
      keys: [parseKeyArn(`arn:aws:kms:${REGION}:${ACCOUNT}:key/k-1`)].filter((key) => key !== undefined),
    });
    for (const { identity, permissions, trust } of advice.identities) {
      const name = identity.role?.name ?? '';
      await iam('CreateRole', { RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) });
      for (const policy of permissions) {
        policies += 1;
        const PolicyName = `policy-${policies}`;
        await iam('CreatePolicy', { PolicyName, PolicyDocument: JSON.stringify(policy) });
        await iam('AttachRolePolicy', {
          RoleName: name,
          PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/${PolicyName}`,
        });
      }
    }
  }

  /** Runs the fetcher with a role, for one file of each secret. */
  function fetchAs(role: string, ...arns: readonly string[]) {
    const files = arns.map((_, secret) => ({ path: `${secret}`, secret }));
    return stage.run(planOf(arns, { files }, 5), { AWS_ROLE_ARN: role });
  }

  it('lets the fetcher of each pod read its secrets, and no others', async () => {
    const [db, token, near] = [
      await createSecret('shop/db'),
      await createSecret('shop/token'),
      await createSecret('shop/db-anything'),
    ];
    const pod = { namespace: 'shop', serviceAccount: 'web' };
    await createRoles([
      { ...pod, role: WEB, wanted: [wantedOf(db), wantedOf(token)] },
      { ...pod, role: API, wanted: [wantedOf(token)] },
    ]);
    await enforce(true);
    expect(await fetchAs(WEB, db, token)).toMatchObject({ code: 0, stderr: '' });
    expect(stage.read('0').toString()).toBe('shop/db');
    expect(await fetchAs(API, token)).toMatchObject({ code: 0, stderr: '' });
    for (const [role, arn] of [
      [API, db],
      [WEB, near],
      [API, near],
    ] as const) {
      stage.clear();
      const before = server.log.length;
      const denied = await fetchAs(role, arn);
      // moto denies in the form of IAM, so the fetcher does not take it for an answer of Secrets Manager.
      expect(denied.code).toBe(13);
      expect(stage.listing()).toEqual([]);
      const statuses = server.log.slice(before).map((line) => /"POST \/ HTTP\/1\.1" (\d+)/.exec(line)?.[1]);
      expect(new Set(statuses.slice(1))).toEqual(new Set(['403']));
    }
  });

  it('accepts the form of every policy', async () => {
    const issuer = parseIssuer('https://oidc.example/id/1');
    const versions = [{}, { stage: 'AWSPREVIOUS' }, { id: '0'.repeat(32) }];
    const wanted = versions.map(
      (version, index): Wanted => ({
        ...wantedOf(`arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:a.b/${index}-AbCdEf`),
        version,
        isPartial: index === 0,
      }),
    );
    const other = `arn:aws:iam::${ACCOUNT}:role/other`;
    const first: WantingPod = { namespace: 'shop', serviceAccount: 'web', wanted, role: `${WEB}-first` };
    const second: WantingPod = {
      ...first,
      role: `${WEB}-second`,
      assumes: { role: other, externalId: 'id-1' },
    };
    const third: WantingPod = { namespace: 'shop', serviceAccount: 'job', wanted };
    const keys = [parseKeyArn(`arn:aws:kms:${REGION}:${ACCOUNT}:key/k-1`)].filter((key) => key !== undefined);
    let created = 0;
    for (const kind of ['irsa', 'pod-identity'] as const) {
      const trust = {
        kind,
        issuer,
        audience: 'sts.amazonaws.com',
        roleTokenAudience: 'sts.amazonaws.com',
        cluster: undefined,
        sessionTags: true,
      };
      const { identities } = adviceFor(manifestOf([first, second, third]), { keys, pinStage: true, trust });
      for (const { permissions, trust: document } of identities) {
        created += 1;
        await iam('CreateRole', {
          RoleName: `form-${created}`,
          AssumeRolePolicyDocument: JSON.stringify(document),
        });
        for (const [index, policy] of permissions.entries())
          await iam('CreatePolicy', {
            PolicyName: `form-${created}-${index}`,
            PolicyDocument: JSON.stringify(policy),
          });
      }
    }
    expect(created).toBe(8);
  });
});
