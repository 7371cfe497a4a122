/** Tests the other webhooks without the injector: they must behave as real ones do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, clusterUnavailable, type Outcome, startCluster } from '../cluster.ts';
import { hasFileKeys, wantedKubernetes } from '../toolchain/versions.ts';
import { until } from '../until.ts';
import { type Neighbours, neighboursUnavailable, type Registration, startNeighbours } from './neighbour.ts';
import {
  FROM_FILE,
  find,
  INJECTED,
  names,
  type PodSpec,
  podOf,
  show,
  specOf,
  WITH_FILE_KEY,
  WITH_SIDECAR,
} from './pods.ts';

const NAMESPACE = 'neighbours';

const unavailable = clusterUnavailable('control-plane') ?? neighboursUnavailable();
if (unavailable !== undefined) console.log(`skipped: ${unavailable}`);

describe.skipIf(unavailable !== undefined)('neighbours', () => {
  let cluster: Cluster;
  let neighbours: Neighbours;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'neighbours-'));
    cluster = await startCluster({ level: 'control-plane' });
    neighbours = await startNeighbours(cluster, folder);
    expect((await cluster.kubectl(['create', 'namespace', NAMESPACE])).status).toBe(0);
    await until('the service account of the namespace', { seconds: 60 }, async () =>
      (await create(INJECTED)).status === 0 ? true : undefined,
    );
  });
  afterEach(async () => await neighbours.removeAll());
  afterAll(async () => {
    await neighbours?.stop();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function create(spec: PodSpec, annotations: Record<string, string> = {}): Promise<Outcome> {
    return await show(cluster, NAMESPACE, spec, annotations);
  }

  async function admitted(spec: PodSpec, annotations: Record<string, string> = {}): Promise<PodSpec> {
    return specOf(await create(spec, annotations));
  }

  async function register(
    registration: Pick<Registration, 'path'> & Partial<Registration>,
  ): Promise<() => Promise<void>> {
    const made = await neighbours.register({
      name: 'neighbour',
      program: 'current',
      namespace: NAMESPACE,
      ...registration,
    });
    return made.remove;
  }

  const fileKeys = hasFileKeys(wantedKubernetes());
  const withFileKeys = it.skipIf(!fileKeys);
  if (unavailable === undefined && !fileKeys)
    console.log(`skipped: Kubernetes ${wantedKubernetes()} does not support variables from files`);

  withFileKeys('web-identity with a current library keeps variables from files', async () => {
    await register({ path: 'web-identity' });
    expect(find((await admitted(WITH_FILE_KEY)).containers, 'app').env).toContainEqual(FROM_FILE);
  });

  withFileKeys('web-identity with an old library makes variables from files invalid', async () => {
    await register({ path: 'web-identity', program: 'old' });
    const refused = await create(WITH_FILE_KEY);
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('spec.containers[0].env[0].valueFrom: Invalid value: ""');
  });

  it('web-identity with a current library keeps sidecars', async () => {
    await register({ path: 'web-identity' });
    expect(find((await admitted(WITH_SIDECAR)).initContainers, 'sidecar').restartPolicy).toBe('Always');
  });

  it('web-identity with an old library drops newer fields', async () => {
    await register({ path: 'web-identity', program: 'old' });
    const sidecar = find((await admitted(WITH_SIDECAR)).initContainers, 'sidecar');
    expect(sidecar.restartPolicy).toBeUndefined();
    expect(names(sidecar.env)).toContain('AWS_ROLE_ARN');
  });

  it('web-identity adds the role and the token to every container', async () => {
    const role = 'arn:aws:iam::111122223333:role/of-the-pod';
    await register({ path: 'web-identity' });
    const spec = await admitted(INJECTED, { 'eks.amazonaws.com/role-arn': role });
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      expect(find(container.env, 'AWS_ROLE_ARN').value).toBe(role);
      expect(find(container.env, 'AWS_WEB_IDENTITY_TOKEN_FILE').value).toMatch(/\/serviceaccount\/token$/);
      expect(find(container.env, 'AWS_REGION').value).toBe('eu-west-1');
      expect(find(container.env, 'AWS_STS_REGIONAL_ENDPOINTS').value).toBe('regional');
      expect(names(container.volumeMounts)).toContain('aws-iam-token');
    }
    expect(names(spec.volumes)[0]).toBe('aws-iam-token');
  });

  it('with an old library, web-identity drops newer fields even if it has nothing to add; rewrite-to-add does not', async () => {
    await register({ path: 'web-identity' });
    const complete = await admitted(WITH_SIDECAR);
    await neighbours.removeAll();
    await register({ path: 'rewrite-to-add', program: 'old' });
    expect(find((await admitted(complete)).initContainers, 'sidecar').restartPolicy).toBe('Always');
    expect(find((await admitted(WITH_SIDECAR)).initContainers, 'sidecar').restartPolicy).toBeUndefined();
    await neighbours.removeAll();
    await register({ path: 'web-identity', program: 'old' });
    expect(find((await admitted(complete)).initContainers, 'sidecar').restartPolicy).toBeUndefined();
  });

  it('web-identity and pod-identity skip the containers of the annotation', async () => {
    await register({ name: 'a', path: 'web-identity' });
    await register({ name: 'b', path: 'pod-identity' });
    const spec = await admitted(INJECTED, {
      'eks.amazonaws.com/skip-containers': 'other,aws-secrets-fetch',
    });
    for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
      const variables = names(container.env).filter((name) => /ROLE_ARN|FULL_URI/.test(name));
      expect([container.name, variables]).toEqual([
        container.name,
        container.name === 'app' ? ['AWS_ROLE_ARN', 'AWS_CONTAINER_CREDENTIALS_FULL_URI'] : [],
      ]);
    }
  });

  it('pod-identity adds what an EKS Pod Identity association adds', async () => {
    await register({ path: 'pod-identity' });
    const pods = await Promise.all(Array.from({ length: 4 }, async () => podOf(await create(INJECTED))));
    for (const { metadata, spec } of pods) {
      for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
        const value = (name: string): string | undefined => find(container.env, name).value;
        expect(value('AWS_CONTAINER_CREDENTIALS_FULL_URI')).toBe('http://169.254.170.23/v1/credentials');
        const folder = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
        expect(value('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')).toBe(`${folder}/eks-pod-identity-token`);
        expect(names(container.env)).not.toContain('AWS_ROLE_ARN');
        expect(find(container.volumeMounts, 'eks-pod-identity-token')).toEqual({
          name: 'eks-pod-identity-token',
          mountPath: folder,
          readOnly: true,
        });
      }
      expect(metadata.labels).toEqual({ 'eks.amazonaws.com/pod-identity': 'enabled' });
      expect(names(spec.volumes)[0]).toBe('eks-pod-identity-token');
    }
    const tokens = pods.map(({ spec }) => find(spec.volumes, 'eks-pod-identity-token'));
    const seconds = tokens.map(({ projected }) => {
      const [source] = projected?.sources ?? [];
      expect(source?.serviceAccountToken).toMatchObject({
        audience: 'pods.eks.amazonaws.com',
        path: 'eks-pod-identity-token',
      });
      return source?.serviceAccountToken?.expirationSeconds ?? 0;
    });
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(79_200);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(86_400);
    expect(new Set(seconds).size).toBeGreaterThan(1);
  });

  it('web-identity is called again for a later container, and adds nothing twice', async () => {
    await register({ name: 'a-identity', path: 'web-identity', reinvocationPolicy: 'IfNeeded' });
    await register({ name: 'b-late', path: 'append-container' });
    const spec = await admitted(INJECTED);
    expect(names(spec.containers)).toEqual(['app', 'other', 'late']);
    for (const container of spec.containers) {
      find(container.env, 'AWS_ROLE_ARN');
      find(container.volumeMounts, 'aws-iam-token');
    }
    find(spec.volumes, 'aws-iam-token');
  });

  it('without reinvocation a later container has no role', async () => {
    await register({ name: 'a-identity', path: 'web-identity' });
    await register({ name: 'b-late', path: 'append-container/registry.example:5000/team/late:3' });
    const late = find((await admitted(INJECTED)).containers, 'late');
    expect(late.image).toBe('registry.example:5000/team/late:3');
    expect(names(late.env)).not.toContain('AWS_ROLE_ARN');
  });

  it.each([
    ['istio-classic', ['aws-secrets-fetch', 'istio-init'], ['app', 'other', 'istio-proxy']],
    ['istio-native', ['istio-init', 'istio-proxy', 'aws-secrets-fetch'], ['app', 'other']],
    ['linkerd-classic', ['aws-secrets-fetch', 'linkerd-init'], ['linkerd-proxy', 'app', 'other']],
    ['linkerd-native', ['linkerd-init', 'linkerd-proxy', 'aws-secrets-fetch'], ['app', 'other']],
  ] as const)('%s inserts its containers where the real injector does', async (behaviour, init, regular) => {
    await register({ name: 'a', path: behaviour, reinvocationPolicy: 'IfNeeded' });
    await register({ name: 'b', path: 'duplicate-variable/AGAIN' });
    const spec = await admitted(INJECTED);
    expect(names(spec.initContainers)).toEqual(init);
    expect(names(spec.containers)).toEqual(regular);
    const proxy = spec.initContainers?.find(({ name }) => name.endsWith('-proxy'));
    if (proxy !== undefined) expect(proxy.restartPolicy).toBe('Always');
    for (const container of spec.containers) find(container.env, 'AGAIN');
  });

  it('istio-native works with an old library and on a pod without init containers', async () => {
    await register({ path: 'istio-native', program: 'old' });
    const { initContainers } = await admitted({ ...INJECTED, initContainers: [] });
    expect(names(initContainers)).toEqual(['istio-init', 'istio-proxy']);
    expect(find(initContainers, 'istio-proxy').restartPolicy).toBe('Always');
  });

  it('drop-init and drop-mounts remove injected objects', async () => {
    const remove = await register({ path: 'drop-init' });
    expect(names((await admitted(INJECTED)).initContainers)).toEqual([]);
    await remove();
    await register({ path: 'drop-mounts/app' });
    const spec = await admitted(INJECTED);
    expect(names(find(spec.containers, 'app').volumeMounts)).not.toContain('aws-secrets');
    expect(names(find(spec.initContainers, 'aws-secrets-fetch').volumeMounts)).toContain('aws-secrets');
  });

  it('unshell, disk-volume and rewrite-image change injected objects', async () => {
    await register({ name: 'a', path: 'unshell' });
    await register({ name: 'b', path: 'disk-volume' });
    await register({ name: 'c', path: 'rewrite-image' });
    const spec = await admitted(INJECTED);
    expect(find(spec.containers, 'app').command).toEqual(['sleep', '1']);
    expect(find(spec.volumes, 'aws-secrets').emptyDir).toEqual({});
    expect(spec.containers.map(({ image }) => image)).toEqual([
      'mirror.example/library/busybox',
      'mirror.example/team/other:2',
    ]);
    expect(find(spec.initContainers, 'aws-secrets-fetch').image).toBe('mirror.example/injector:1');
  });

  it('never-answers blocks pods, or only delays them with failurePolicy Ignore', async () => {
    const remove = await register({ path: 'never-answers', timeoutSeconds: 1 });
    const { stderr } = await create(INJECTED);
    expect(stderr).toContain('failed calling webhook "neighbour.neighbour.example"');
    await remove();
    await register({ path: 'never-answers', timeoutSeconds: 1, failurePolicy: 'Ignore' });
    const started = performance.now();
    await admitted(INJECTED);
    expect(performance.now() - started).toBeGreaterThan(900);
  });

  it('a registration affects only its namespace, and nothing after its removal', async () => {
    const remove = await register({ path: 'append-container' });
    const elsewhere = specOf(await show(cluster, 'default', INJECTED));
    expect(names(elsewhere.containers)).toEqual(['app', 'other']);
    await remove();
    expect(names((await admitted(INJECTED)).containers)).not.toContain('late');
  });
});
