/** `doctor` and `describe` on a real API server with the product's webhook, guard and certificates, through a real kubectl. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PodDescription } from '../../src/core/advice/describe.ts';
import type { Diagnosis } from '../../src/core/advice/diagnose/diagnosis.ts';
import { bundleCli, type Finished, runCli } from '../cli/program.ts';
import { INJECTOR_IMAGE } from '../server/injector-image.ts';
import { readPage } from '../unit/docs/page.ts';
import { clusterUnavailable } from './cluster.ts';
import { NAMESPACE_LABEL } from './product/api.ts';
import { guardFor } from './product/guard.ts';
import { PRODUCT_NAMESPACE } from './product/install.ts';
import { type OneReplica, REQUEST, startOneReplica } from './product/one-replica.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined) process.stderr.write(`the tests of doctor are skipped: ${unavailable}\n`);

interface Line {
  readonly check: string;
  readonly status: string;
  readonly what: string;
  readonly next: readonly string[];
}

describe.skipIf(unavailable !== undefined)('doctor and describe in a cluster', () => {
  let product: OneReplica;
  let cli: string;
  beforeAll(async () => {
    cli = await bundleCli();
    product = await startOneReplica(() => ({}));
    const { status, stderr } = await product.api.cluster.kubectl(
      ['apply', '--server-side', '--filename=-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: guardFor(INJECTOR_IMAGE) }),
    );
    expect(status, stderr).toBe(0);
  });
  afterAll(async () => await product?.stop());

  function run(
    args: readonly string[],
    input = '',
    more: Readonly<Record<string, string>> = {},
  ): Promise<Finished> {
    const { kubeconfig, directory } = product.api.cluster.facts;
    const KUBECACHEDIR = path.join(directory, 'kubectl');
    return runCli(cli, args, input, { KUBECONFIG: kubeconfig, KUBECACHEDIR, ...more });
  }

  async function doctor(
    ...flags: readonly string[]
  ): Promise<{ readonly code: number | null; readonly lines: readonly Line[] }> {
    const { kubectl } = product.api.cluster.facts;
    const { code, stdout, stderr } = await run(['doctor', '--json', '--kubectl', kubectl, ...flags]);
    expect(stderr).toBe('');
    return { code, lines: JSON.parse(stdout) as readonly Line[] };
  }

  /** Writes a kubeconfig with a token. @param account `system:serviceaccount:NAMESPACE:NAME` @returns its path */
  async function kubeconfigOf(context: string, account: string): Promise<string> {
    const { api } = product;
    const { apiServerUrl, caFile, directory } = api.cluster.facts;
    const [, , namespace = '', name = ''] = account.split(':');
    const token = (await api.kubectl(`--namespace=${namespace}`, 'create', 'token', name)).trim();
    const kubeconfig = path.join(directory, `${context}.kubeconfig`);
    const args = [`--kubeconfig=${kubeconfig}`, 'config'];
    const server = [`--server=${apiServerUrl}`, `--certificate-authority=${caFile}`];
    await api.kubectl(...args, 'set-cluster', 'c', ...server);
    await api.kubectl(...args, 'set-credentials', 'u', `--token=${token}`);
    await api.kubectl(...args, 'set-context', context, '--cluster=c', '--user=u');
    return kubeconfig;
  }

  const of = (lines: readonly Line[], name: string) =>
    lines.filter(({ check }) => check === name).map(({ status, what }) => `${status} ${what}`);

  it('finds nothing wrong with what works', async () => {
    await until('the guard', { seconds: 60 }, async () => {
      const { lines } = await doctor('--namespace', PRODUCT_NAMESPACE);
      return of(lines, 'injection').every((one) => one.startsWith('ok ')) ? true : undefined;
    });
    const { lines } = await doctor();
    expect(of(lines, 'api-server')).toEqual([
      expect.stringMatching(/^ok Kubernetes v1\./),
      'ok no feature gate that the product uses is off',
    ]);
    expect(of(lines, 'registration')).toEqual([
      expect.stringMatching(/^ok aws-secrets-injector calls https:\/\/localhost:/),
      expect.stringMatching(/^ok zz-aws-secrets-injector calls /),
    ]);
    expect(of(lines, 'certificates')[0]).toMatch(/^ok the API server trusts the certificate for localhost, /);
    expect(of(lines, 'guard')).toEqual(['ok all 9 policies are bound']);
    expect(of(lines, 'oidc-issuer')[0]).not.toContain('status');
    expect(of(lines, 'clock')[0]).toBe('ok the clocks of the API server and of this machine agree');
    expect(of(lines, 'kubelets')).toEqual(['warn the cluster has no nodes']);
    expect(lines.filter(({ what }) => what.includes('internal error'))).toEqual([]);
  });

  it('finds what is broken', async () => {
    const { api } = product;
    const remove = JSON.stringify([{ op: 'replace', path: '/spec/validationActions', value: ['Audit'] }]);
    const binding = 'validatingadmissionpolicybinding/aws-secrets-injector-plan';
    await api.kubectl('patch', binding, '--type=json', `--patch=${remove}`);
    const { code, lines } = await doctor();
    await api.kubectl('patch', binding, '--type=json', `--patch=${remove.replace('Audit', 'Deny')}`);
    expect(code).toBe(1);
    expect(of(lines, 'guard')).toEqual([
      'fail no binding makes these policies reject or warn: aws-secrets-injector-plan',
    ]);
    // No Deployment: the replica runs in this process.
    expect(of(lines, 'replicas')).toEqual([
      `fail no pod of the webhook in the namespace ${PRODUCT_NAMESPACE}`,
    ]);
  });

  it('skips what it has no right for, and names the right', async () => {
    const kubeconfig = await kubeconfigOf('weak', 'system:serviceaccount:default:default');
    const { lines } = await doctor('--kubeconfig', kubeconfig, '--context', 'weak');
    expect(of(lines, 'kubelets')).toEqual(['skipped needs the right to list nodes']);
    expect(of(lines, 'registration')).toEqual([
      'skipped needs the right to list mutatingwebhookconfigurations',
    ]);
    expect(of(lines, 'injection')).toEqual(['skipped needs the right to list namespaces']);
    const { lines: tried } = await doctor(
      '--kubeconfig',
      kubeconfig,
      '--context',
      'weak',
      '--pod-namespace',
      product.namespace,
    );
    expect(of(tried, 'injection')[0]).toBe(`skipped needs the right to create pods in ${product.namespace}`);
  });

  it('the rights of docs/reference/doctor.md are enough, but to try pods', async () => {
    const { api } = product;
    const [, objects = ''] = /```yaml\n(.*?)```/s.exec(readPage('docs/reference/doctor.md')) ?? [];
    const { status, stderr } = await api.cluster.kubectl(['apply', '--filename=-'], objects);
    expect(status, stderr).toBe(0);
    const account = `system:serviceaccount:${PRODUCT_NAMESPACE}:aws-secrets-injector-doctor`;
    const kubeconfig = await kubeconfigOf('doctor', account);
    const { lines } = await doctor('--kubeconfig', kubeconfig, '--context', 'doctor');
    const skipped = lines.filter(({ what }) => /needs the right|answered with status/.test(what));
    expect(skipped.map(({ check, what }) => `${check} ${what}`)).toEqual([
      `injection needs the right to create pods in ${product.namespace}`,
      'injection needs the right to create pods in default',
    ]);
  });

  it('an API server that cannot be reached', async () => {
    const { kubectl, directory } = product.api.cluster.facts;
    const kubeconfig = path.join(directory, 'away.kubeconfig');
    const args = [`--kubeconfig=${kubeconfig}`, 'config'];
    await product.api.kubectl(...args, 'set-cluster', 'c', '--server=https://127.0.0.1:1');
    await product.api.kubectl(...args, 'set-credentials', 'u', '--token=x');
    await product.api.kubectl(...args, 'set-context', 'away', '--cluster=c', '--user=u');
    const { code, stdout } = await run([
      'doctor',
      '--kubectl',
      kubectl,
      '--kubeconfig',
      kubeconfig,
      '--context',
      'away',
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^fail {4}api-server: kubectl does not reach the API server: .*connection refused$/m,
    );
  });

  it.skipIf(process.getuid?.() !== 0)('in a pod, with its service account', async () => {
    const { api } = product;
    const { apiServerUrl, caFile, directory } = api.cluster.facts;
    const account = ['create', 'token', 'aws-secrets-injector-doctor', `--namespace=${PRODUCT_NAMESPACE}`];
    const tokenFile = path.join(directory, 'doctor.token');
    writeFileSync(tokenFile, await api.kubectl(...account), { mode: 0o600 });
    // The files of a pod, in a file system that only this process has.
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    const mount = `mount -t tmpfs none /var/run && mkdir -p ${folder} && cp ${tokenFile} ${folder}/token && cp ${caFile} ${folder}/ca.crt`;
    const { hostname, port } = new URL(apiServerUrl);
    const command = [
      '--mount',
      'sh',
      '-c',
      `${mount} && exec "$@"`,
      'sh',
      process.execPath,
      cli,
      'doctor',
      '--json',
    ];
    const env = {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
      PATH: process.env['PATH'],
    };
    const { stdout, stderr } = await promisify(execFile)('unshare', command, { env }).catch(
      // It exits with 1, because the cluster has no replica.
      (error: { stdout: string; stderr: string }) => error,
    );
    expect(stderr).toBe('');
    const lines = JSON.parse(stdout) as readonly Line[];
    expect(of(lines, 'api-server')[0]).toMatch(/^ok Kubernetes v1\./);
    expect(of(lines, 'certificates')[0]).toMatch(/^ok the API server trusts the certificate for localhost/);
    expect(of(lines, 'guard')).toEqual(['ok all 9 policies are bound']);
    expect(of(lines, 'aws-endpoints').every((one) => !one.includes('this machine'))).toBe(true);
  });

  describe('describe explains pods that the API server rejects', () => {
    /** Creates a Deployment, and describes what kubectl prints once its ReplicaSet has failed. */
    async function rejected(
      name: string,
      labels: Readonly<Record<string, string>>,
      objects: readonly object[],
      spec: object = {},
      annotations: object = REQUEST,
    ): Promise<PodDescription> {
      const { api } = product;
      const namespace = await api.namespace(labels);
      for (const object of objects)
        await api.mustCreate({ ...object, metadata: { namespace, name: 'rules' } } as never);
      const template = {
        metadata: { labels: { app: name }, annotations },
        spec: { containers: [{ name: 'app', image: 'app', ...spec }] },
      };
      await api.mustCreate({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { namespace, name },
        spec: { selector: { matchLabels: { app: name } }, template },
      });
      return await until('the rejection', { seconds: 60 }, async () => {
        const objects = await api.kubectl(
          `--namespace=${namespace}`,
          'get',
          'deployments,replicasets,pods,events',
          '--output=json',
        );
        const { code, stdout } = await run(['describe', '-', '--json'], objects);
        const described = code === 1 ? (JSON.parse(stdout) as readonly PodDescription[]) : [];
        return described.find(({ diagnoses }) => diagnoses.length > 0);
      });
    }
    const QUOTA = { apiVersion: 'v1', kind: 'ResourceQuota', spec: { hard: { 'limits.memory': '64Mi' } } };
    const ENABLED = { [NAMESPACE_LABEL]: 'enabled' };

    it.each<[string, Parameters<typeof rejected>, string, string]>([
      [
        'a quota',
        ['quota', ENABLED, [QUOTA], { resources: { limits: { memory: '16Mi' } } }],
        'the ResourceQuota rules does not allow the pod',
        'exceeded quota: rules',
      ],
      [
        'a quota on what the pod does not set',
        ['unset', ENABLED, [QUOTA]],
        'the ResourceQuota rules requires limits.memory of every container, but app does not set it',
        'failed quota: rules',
      ],
      [
        'a limit range',
        [
          'limits',
          ENABLED,
          [
            {
              apiVersion: 'v1',
              kind: 'LimitRange',
              spec: { limits: [{ type: 'Container', max: { memory: '120Mi' } }] },
            },
          ],
        ],
        'a LimitRange does not allow',
        'maximum memory usage per Container',
      ],
      [
        'Pod Security',
        ['security', { ...ENABLED, 'pod-security.kubernetes.io/enforce': 'restricted' }, []],
        'Pod Security (restricted:latest) rejected the pod, because of its own containers',
        'violates PodSecurity',
      ],
      [
        'the guard',
        ['guard', {}, []],
        'the guard rejected the pod, because its namespace has not opted in',
        'ValidatingAdmissionPolicy',
      ],
      [
        'the injector',
        ['injector', ENABLED, [], {}, { 'secrets-injector.dev/file.x': 'nothing' }],
        'the injector rejected the pod: ',
        'admission webhook "inject.secrets-injector.dev" denied the request',
      ],
    ])('%s', async (_, [name, labels, objects, spec, annotations], what, message) => {
      const { diagnoses } = await rejected(name, labels, objects, spec, annotations);
      expect(diagnoses[0]?.what).toContain(what);
      expect(diagnoses[0]?.messages.join('\n')).toContain(message);
      expect(diagnoses[0]?.next.length).toBeGreaterThan(0);
      // The condition and the Event are one cause.
      expect(diagnoses).toHaveLength(1);
    });
  });

  describe('describe explains messages of the API server', () => {
    /** Creates a pod that is rejected, and describes the Event that a ReplicaSet would get. */
    async function explained(spec: object): Promise<Diagnosis | undefined> {
      const { api, namespace } = product;
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { namespace, name: 'x', annotations: REQUEST },
        spec,
      };
      const { status, stderr } = await api.create(pod);
      expect(status).toBe(1);
      const involvedObject = { kind: 'ReplicaSet', namespace, name: 'x' };
      const message = `Error creating: ${stderr.replace(/^Error from server[^:]*: /, '')}`;
      const event = { kind: 'Event', type: 'Warning', reason: 'FailedCreate', involvedObject, message };
      const { stdout } = await run(['describe', '-', '--json'], JSON.stringify(event));
      const [described] = JSON.parse(stdout) as readonly PodDescription[];
      return described?.diagnoses[0];
    }
    const container = { name: 'app', image: 'app' };

    it.each([
      [
        'a variable that lost its source',
        { containers: [{ ...container, env: [{ name: 'X', valueFrom: {} }] }] },
        'another webhook, which uses an older Kubernetes API version, dropped fields of native variables (status 422)',
      ],
      [
        'a sidecar that lost restartPolicy',
        {
          initContainers: [{ ...container, name: 'init', startupProbe: { exec: { command: ['x'] } } }],
          containers: [container],
        },
        'another webhook, which uses an older Kubernetes API version, dropped restartPolicy of an init container (status 422)',
      ],
      [
        'a pod that is not valid',
        { containers: [{ ...container, image: '' }] },
        'the API server does not accept the pod (status 422)',
      ],
      [
        'a service account that does not exist',
        { containers: [container], serviceAccountName: 'nobody' },
        'the service account of the pod does not exist',
      ],
    ])('%s', async (_, spec, what) => {
      expect(await explained(spec)).toMatchObject({ what });
    });

    it('a webhook that is away', async () => {
      await product.replica.close();
      expect(await explained({ containers: [container] })).toMatchObject({
        what: 'the injector could not be called: the control plane cannot reach the pods of the webhook',
      });
      const { code, lines } = await doctor();
      expect(code).toBe(1);
      expect(of(lines, 'injection')[0]).toMatch(/^fail the API server cannot call the webhook: /);
      expect(of(lines, 'certificates')[0]).toMatch(
        /^skipped localhost is not reachable from here \(ECONNREFUSED\)/,
      );
    });
  });
});
