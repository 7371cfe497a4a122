import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  onTestFinished,
  type TestContext,
} from 'vitest';
import { type Cluster, clusterUnavailable, startCluster } from './cluster.ts';
import { lockMachine } from './machine-lock.ts';
import type { Level } from './toolchain/toolchain.ts';
import { added, traces } from './traces.ts';
import { twoContainers } from './two-containers.ts';
import { until } from './until.ts';

function skipUnlessPossible(level: Level): void {
  const reason = clusterUnavailable(level);
  beforeEach((context: TestContext) => {
    if (reason === undefined) return;
    console.log(`skipped: ${reason}`);
    context.skip(reason);
  });
}

/** Takes the lock, so that no other node starts or runs meanwhile. */
async function tracesOfNobodyElse(): Promise<ReturnType<typeof traces>> {
  using _ = await lockMachine(AbortSignal.timeout(600_000), () => console.log('waiting for another cluster'));
  return traces();
}

async function expectOk(outcome: ReturnType<Cluster['kubectl']>): Promise<string> {
  const { status, stdout, stderr } = await outcome;
  expect(status, stderr).toBe(0);
  return stdout;
}

describe('a control plane', () => {
  skipUnlessPossible('control-plane');
  let cluster: Cluster;
  beforeAll(async () => {
    if (clusterUnavailable('control-plane') === undefined)
      cluster = await startCluster({ level: 'control-plane' });
  });
  afterAll(async () => await cluster?.stop());

  it('has the requested version', async () => {
    const version = JSON.parse(await expectOk(cluster.kubectl(['version', '--output=json']))) as {
      serverVersion: { gitVersion: string; minor: string };
    };
    expect(version.serverVersion.gitVersion).toMatch(new RegExp(`^v${cluster.facts.kubernetes}\\.\\d+$`));
    expect(`1.${version.serverVersion.minor}`).toBe(cluster.facts.kubernetes);
  });

  it('has the usual namespaces', async () => {
    const names = await expectOk(cluster.kubectl(['get', 'namespaces', '--output=name']));
    expect(names.trim().split('\n')).toEqual(
      expect.arrayContaining(['namespace/default', 'namespace/kube-system']),
    );
  });

  it('signs service account tokens that its published keys verify, as AWS does', async () => {
    const token = await expectOk(
      cluster.kubectl(['create', 'token', 'default', '--audience=sts.amazonaws.com']),
    );
    const discovery = (await published('/.well-known/openid-configuration')) as {
      issuer: string;
      jwks_uri: string;
    };
    expect(discovery.issuer).toBe(cluster.facts.issuer);
    const keys = (await published(new URL(discovery.jwks_uri).pathname)) as JSONWebKeySet;
    const { payload } = await jwtVerify(token.trim(), createLocalJWKSet(keys), {
      issuer: discovery.issuer,
      audience: 'sts.amazonaws.com',
    });
    expect(payload.sub).toBe('system:serviceaccount:default:default');
  });

  it('records requests for pods, and nothing else', async () => {
    const pod = twoContainers('true').replace('"two"', '"recorded"');
    await expectOk(cluster.kubectl(['create', '--filename=-'], pod));
    const event = await until('the event', { seconds: 10 }, () =>
      readFileSync(cluster.facts.auditLog, 'utf8')
        .split('\n')
        .find((line) => line.includes('"verb":"create"') && line.includes('"name":"recorded"')),
    );
    expect(JSON.parse(event)).toMatchObject({ level: 'Request', stage: 'ResponseComplete' });
    expect(event).toContain('first speaks');
  });

  it('returns the content of etcd', async () => {
    await expectOk(cluster.kubectl(['create', 'configmap', 'here', '--from-literal=a=canary-in-etcd']));
    expect((await cluster.etcdContent()).includes('canary-in-etcd')).toBe(true);
  });

  async function published(place: string): Promise<unknown> {
    const ca = readFileSync(cluster.facts.caFile);
    const [response] = await once(get(`${cluster.facts.apiServerUrl}${place}`, { ca }), 'response');
    expect(response.statusCode).toBe(200);
    return JSON.parse(await text(response));
  }
});

describe('a node', () => {
  skipUnlessPossible('node');
  it('runs a pod with two containers, returns its logs, and removes everything afterwards', async () => {
    const before = await tracesOfNobodyElse();
    const cluster = await startCluster({ level: 'node' });
    try {
      await expectOk(
        cluster.kubectl(
          ['create', '--filename=-'],
          twoContainers('nc -w 5 $KUBERNETES_SERVICE_HOST 443 </dev/null'),
        ),
      );
      const succeeded = '--for=jsonpath={.status.phase}=Succeeded';
      await cluster.kubectl(['wait', succeeded, 'pod/two', '--timeout=60s']);
      const log = await expectOk(cluster.kubectl(['logs', 'two', '--all-containers']));
      expect(log).toContain('first speaks');
      expect(log).toContain('second speaks');
    } finally {
      await cluster.stop();
    }
    expect(added(before, await tracesOfNobodyElse())).toEqual([]);
  });

  it('removes everything when its owner is killed, but nothing that existed before', async () => {
    const standing = '/var/lib/kubelet/device-plugins';
    const made = mkdirSync(standing, { recursive: true });
    onTestFinished(() => {
      if (made !== undefined) rmSync(made, { recursive: true });
    });
    const before = await tracesOfNobodyElse();
    const owner = fork(path.join(import.meta.dirname, 'owner.ts'), { execArgv: [] });
    const [directory] = await Promise.race([once(owner, 'message'), once(owner, 'exit')]);
    expect(existsSync(String(directory)), String(directory)).toBe(true);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await until('the supervisor to remove the folder', { seconds: 60 }, () =>
      existsSync(String(directory)) ? undefined : true,
    );
    expect(added(before, await tracesOfNobodyElse())).toEqual([]);
    expect(existsSync(standing)).toBe(true);
  });
});
