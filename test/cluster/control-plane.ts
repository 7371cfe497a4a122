/** Starts etcd, the API server, the controller manager and the scheduler. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import path from 'node:path';
import { freePorts, type Networks } from './addresses.ts';
import type { Credentials } from './credentials.ts';
import type { Daemons } from './daemon.ts';
import type { Order } from './options.ts';
import type { Run } from './run.ts';

const PROGRAMS = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'];

export interface ControlPlane {
  readonly apiServerUrl: string;
  readonly kubeconfig: string;
  readonly issuer: string;
  readonly auditLog: string;
  readonly etcdUrl: string;
  readonly etcdDirectory: string;
}

export interface StartedControlPlane {
  readonly facts: ControlPlane;
  /** Ends all programs at once, as when their machine fails. The data of etcd stay. */
  lose(): Promise<void>;
  /** Starts the programs again, with the data of etcd. Resolves when the API server is ready. */
  start(): Promise<void>;
}

const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  // The last stage has the annotations about webhooks: which one changed the pod, and its patch.
  omitStages: ['RequestReceived', 'ResponseStarted'],
  rules: [{ level: 'Request', resources: [{ group: '', resources: ['pods', 'pods/*'] }] }, { level: 'None' }],
};

export async function startControlPlane(
  run: Run,
  { options, toolchain }: Order,
  daemons: Daemons,
  credentials: Credentials,
  networks: Networks,
): Promise<StartedControlPlane> {
  const [etcdPort = 0, peerPort = 0, apiPort = 0] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const etcdDirectory = path.join(run.directory, 'etcd');
  const address = options.level === 'node' ? networks.bridgeAddress : '127.0.0.1';
  const apiServerUrl = `https://${address}:${apiPort}`;
  const auditLog = path.join(run.directory, 'logs/audit.log');
  const auditPolicy = path.join(run.directory, 'audit-policy.json');
  writeFileSync(auditPolicy, JSON.stringify(AUDIT_POLICY));

  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const serviceAccount = credentials.serviceAccountKeys();
  const serving = await credentials.server('kube-apiserver', [
    'localhost',
    '127.0.0.1',
    networks.bridgeAddress,
    networks.apiServiceAddress,
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ]);
  const toKubelet = await credentials.client('kube-apiserver-kubelet-client', {
    user: 'kube-apiserver-kubelet-client',
    group: 'system:masters',
  });
  const kubeconfig = await credentials.kubeconfig(
    'admin',
    { user: 'admin', group: 'system:masters' },
    apiServerUrl,
  );
  const controllerManager = await credentials.kubeconfig(
    'kube-controller-manager',
    { user: 'system:kube-controller-manager' },
    apiServerUrl,
  );
  const scheduler = await credentials.kubeconfig(
    'kube-scheduler',
    { user: 'system:kube-scheduler' },
    apiServerUrl,
  );
  const ca = readFileSync(credentials.caFile, 'utf8');
  const start = async (): Promise<void> => {
    daemons.start('etcd', toolchain.etcd, [
      `--data-dir=${etcdDirectory}`,
      `--listen-client-urls=${etcdUrl}`,
      `--advertise-client-urls=${etcdUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
    ]);
    await daemons.ready('etcd', 60, async () => (await fetch(`${etcdUrl}/health`)).ok);

    daemons.start('kube-apiserver', toolchain.apiServer, [
      `--etcd-servers=${etcdUrl}`,
      `--secure-port=${apiPort}`,
      // Pods must reach the API server. Without pods, only this machine should.
      `--bind-address=${options.level === 'node' ? '0.0.0.0' : '127.0.0.1'}`,
      `--advertise-address=${networks.bridgeAddress}`,
      // Without a node, the endpoint does not exist, and the reconciler would log errors.
      ...(options.level === 'node' ? [] : ['--endpoint-reconciler-type=none']),
      `--tls-cert-file=${serving.cert}`,
      `--tls-private-key-file=${serving.key}`,
      `--client-ca-file=${credentials.caFile}`,
      `--kubelet-client-certificate=${toKubelet.cert}`,
      `--kubelet-client-key=${toKubelet.key}`,
      `--kubelet-certificate-authority=${credentials.caFile}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--service-cluster-ip-range=${networks.services}`,
      // Calls webhooks at the endpoints of their Services: the cluster IP would need kube-proxy on this machine.
      '--enable-aggregator-routing=true',
      `--service-account-issuer=${apiServerUrl}`,
      `--service-account-jwks-uri=${apiServerUrl}/openid/v1/jwks`,
      `--service-account-key-file=${serviceAccount.publicKey}`,
      `--service-account-signing-key-file=${serviceAccount.privateKey}`,
      `--api-audiences=${apiServerUrl},sts.amazonaws.com`,
      `--audit-policy-file=${auditPolicy}`,
      `--audit-log-path=${auditLog}`,
      ...featureGates(options.apiServerFeatureGates),
      ...(options.apiServerArguments ?? []),
    ]);
    await daemons.ready('kube-apiserver', 120, async () => await answersOk(`${apiServerUrl}/readyz`, ca));

    daemons.start('kube-controller-manager', toolchain.controllerManager, [
      `--kubeconfig=${controllerManager}`,
      `--root-ca-file=${credentials.caFile}`,
      `--service-account-private-key-file=${serviceAccount.privateKey}`,
      '--use-service-account-credentials',
      '--leader-elect=false',
      '--secure-port=0',
    ]);
    daemons.start('kube-scheduler', toolchain.scheduler, [
      `--kubeconfig=${scheduler}`,
      '--leader-elect=false',
      '--secure-port=0',
    ]);
  };
  await start();
  const kubectl = (...args: readonly string[]): boolean =>
    spawnSync(toolchain.kubectl, [`--kubeconfig=${kubeconfig}`, ...args], {
      env: { ...process.env, KUBECACHEDIR: path.join(run.directory, 'kubectl') },
    }).status === 0;
  // Lets AWS, or the fake, verify tokens without credentials.
  await daemons.ready('kube-apiserver', 30, () =>
    kubectl(
      'create',
      'clusterrolebinding',
      'issuer-discovery',
      '--clusterrole=system:service-account-issuer-discovery',
      '--group=system:unauthenticated',
    ),
  );
  // The API server rejects pods in a namespace without these.
  await daemons.ready('kube-controller-manager', 60, () =>
    kubectl('get', '--namespace=default', 'serviceaccount/default', 'configmap/kube-root-ca.crt'),
  );
  return {
    facts: { apiServerUrl, kubeconfig, issuer: apiServerUrl, auditLog, etcdUrl, etcdDirectory },
    lose: async () => {
      for (const program of PROGRAMS) await daemons.kill(program);
    },
    start,
  };
}

export function featureGates(gates: Readonly<Record<string, boolean>> = {}): readonly string[] {
  const pairs = Object.entries(gates).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? [] : [`--feature-gates=${pairs.join(',')}`];
}

async function answersOk(url: string, ca: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    get(url, { ca, agent: false, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on('error', reject);
  });
}
