/** The fake of the EKS Pod Identity Agent. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import {
  POD_IDENTITY_AUDIENCE,
  type PodIdentityAgent,
  type StandIn,
  startPodIdentityAgent,
} from '../../aws-fake/index.ts';
import { DB_ARN, getValue, OTHER_ROLE_ARN, ROLE_ARN, sdkClient, startAccount, tokenOf } from './account.ts';

interface Agency {
  readonly aws: StandIn;
  readonly agent: PodIdentityAgent;
  readonly token: string;
}

async function start(ready = true): Promise<Agency> {
  const aws = await startAccount();
  const agent = await startPodIdentityAgent({ aws, ready });
  onTestFinished(() => agent.stop());
  agent.associate({ namespace: 'shop', serviceAccount: '*', roleArn: ROLE_ARN });
  return { aws, agent, token: await tokenOf(aws, { audience: POD_IDENTITY_AUDIENCE }) };
}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

async function ask(
  agent: PodIdentityAgent,
  authorization: string,
  headers: Record<string, string> = {},
  path = '/v1/credentials',
): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, agent.url),
      { headers: { authorization, ...headers }, agent: false },
      (incoming) => {
        text(incoming).then((body) => resolve({ status: incoming.statusCode, body }), reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

test('a pod receives credentials of the associated role, which the services accept', async () => {
  const { aws, agent, token } = await start();
  const { status, body } = await ask(agent, token);
  const given = JSON.parse(body) as Record<string, string>;
  const value = await getValue(
    sdkClient(aws, {
      credentials: {
        accessKeyId: given['AccessKeyId'] ?? '',
        secretAccessKey: given['SecretAccessKey'] ?? '',
        sessionToken: given['Token'] ?? '',
      },
    }),
    DB_ARN,
  );

  expect(status).toBe(200);
  expect(given['AccountId']).toBe('111122223333');
  const hours = (Date.parse(given['Expiration'] ?? '') - Date.now()) / 3_600_000;
  expect(hours).toBeGreaterThan(5.9);
  expect(hours).toBeLessThanOrEqual(6);
  expect(value.Name).toBe('prod/shop/db');
  expect(aws.requests).toMatchObject([{ roleArn: ROLE_ARN, sessionName: 'eks-cluster-web-0' }]);
  expect(agent.requests).toMatchObject([
    { namespace: 'shop', serviceAccount: 'web', pod: 'web-0', status: 200, address: '127.0.0.1' },
  ]);
  expect(JSON.stringify(agent.requests)).not.toContain(token);
});

test('the last matching association counts, and without one the agent responds 404', async () => {
  const { aws, agent, token } = await start();
  agent.associate({ namespace: 'shop', serviceAccount: 'web', roleArn: OTHER_ROLE_ARN });
  await ask(agent, token);
  const other = await tokenOf(aws, { audience: POD_IDENTITY_AUDIENCE, namespace: 'other' });
  const answer = await ask(agent, other);
  expect(answer.status).toBe(404);
  expect(answer.body).toMatch(/^\[[-0-9a-f]{36}\]: \(ResourceNotFoundException\): .*, fault: client\n$/);
});

test.each([
  ['no token', async () => '', 400, 'Service account token cannot be empty'],
  ['no JWT', async () => 'Bearer x', 400, 'Service account token cannot be parsed'],
  ['another audience', async (aws: StandIn) => await tokenOf(aws), 400, '(InvalidTokenException)'],
  [
    'an expired token',
    async (aws: StandIn) => await tokenOf(aws, { audience: POD_IDENTITY_AUDIENCE, expiresInSeconds: -1 }),
    400,
    'token is expired',
  ],
  [
    'another subject',
    async (aws: StandIn) =>
      await tokenOf(aws, {
        audience: POD_IDENTITY_AUDIENCE,
        subject: 'system:serviceaccount:kube-system:web',
      }),
    400,
    '(InvalidTokenException)',
  ],
  [
    'a changed signature',
    async (aws: StandIn) => {
      const token = await tokenOf(aws, { audience: POD_IDENTITY_AUDIENCE });
      const last = token.lastIndexOf('.') + 1;
      return token.slice(0, last) + (token.charAt(last) === 'A' ? 'B' : 'A') + token.slice(last + 1);
    },
    400,
    '(InvalidTokenException)',
  ],
] as const)('%s is rejected', async (_, makeToken, status, words) => {
  const { aws, agent } = await start();
  const answer = await ask(agent, await makeToken(aws));
  expect(answer).toMatchObject({ status, body: expect.stringContaining(words) });
});

test('another address in the header Host, and another path, are rejected', async () => {
  const { agent, token } = await start();
  expect(await ask(agent, token, { host: 'localhost:80' })).toMatchObject({
    status: 403,
    body: expect.stringContaining('Access Denied. Called agent through invalid address'),
  });
  expect((await ask(agent, token, {}, '/')).status).toBe(404);
});

test('faults apply in order, to their namespace only', async () => {
  const { agent, token } = await start();
  agent.script(
    { kind: 'denied', namespace: 'other' },
    { kind: 'denied', namespace: 'shop' },
    { kind: 'notFound' },
    { kind: 'throttle' },
    { kind: 'serverError' },
    { kind: 'unavailable' },
    { kind: 'unreachable' },
    { kind: 'custom', status: 418, body: 'tea' },
    { kind: 'wrongJson', body: '{' },
    { kind: 'changed', fields: { Token: undefined, Expiration: 'soon' } },
    { kind: 'slow', ms: 1 },
  );
  const answers: Answer[] = [];
  while (agent.pendingFaults.length > 1) answers.push(await ask(agent, token));
  expect(answers.map(({ status }) => status)).toEqual([400, 404, 429, 500, 503, 500, 418, 200, 200, 200]);
  expect(answers[0]?.body).toContain('(AccessDeniedException)');
  expect(answers[7]?.body).toBe('{');
  const changed = JSON.parse(answers[8]?.body ?? '') as Record<string, string>;
  expect(Object.keys(changed)).toEqual(['AccessKeyId', 'SecretAccessKey', 'AccountId', 'Expiration']);
  expect(changed['Expiration']).toBe('soon');
  expect(agent.requests.at(-1)).toMatchObject({ fault: 'slow', status: 200 });

  agent.reset();
  agent.script({ kind: 'reset' });
  await expect(ask(agent, token)).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(agent.requests).toMatchObject([{ fault: 'reset', status: undefined }]);
});

test('connections are refused until the agent is ready, and after it stops', async () => {
  const { agent, token } = await start(false);
  await expect(ask(agent, token)).rejects.toThrow('ECONNREFUSED');
  await agent.listen();
  expect((await ask(agent, token)).status).toBe(200);

  agent.script({ kind: 'hang' });
  const hanging = ask(agent, token);
  await expect.poll(() => agent.requests.length).toBe(2);
  await agent.refuse();
  await expect(hanging).rejects.toThrow(/ECONNRESET|socket hang up/);
  await expect(ask(agent, token)).rejects.toThrow('ECONNREFUSED');
});
