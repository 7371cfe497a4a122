/** Amazon's EKS Pod Identity webhook as a process on this machine. Its program is neither part of the project nor fetched. */
import { spawn } from 'node:child_process';
import { accessSync, appendFileSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCertificate } from '../aws-fake/index.ts';
import { freePorts } from '../cluster/addresses.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { MARK } from '../cluster/processes.ts';

/** Names the program. */
export const PROGRAM_VARIABLE = 'EKS_POD_IDENTITY_WEBHOOK';

export interface Association {
  readonly namespace: string;
  readonly serviceAccount: string;
}

export interface AmazonWebhook {
  /** Its clientConfig in a webhook configuration. */
  readonly clientConfig: { readonly url: string; readonly caBundle: string };
  /** The end of its log, for errors. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
}

/** Why the tests cannot run, as a reason to skip them. */
export function programUnavailable(): string | undefined {
  return process.env[PROGRAM_VARIABLE] ? undefined : `the variable ${PROGRAM_VARIABLE} is not set`;
}

/**
 * Starts the program with its flags for running outside of the cluster. It is ready when the API server receives its
 * changes.
 * @param folder for its files
 * @param associations service accounts with an EKS Pod Identity association
 * @throws Error if the variable does not name a program
 */
export async function startAmazonWebhook(
  cluster: Cluster,
  folder: string,
  associations: readonly Association[],
): Promise<AmazonWebhook> {
  const program = process.env[PROGRAM_VARIABLE] ?? '';
  accessSync(program, constants.X_OK);
  const address = cluster.facts.bridgeAddress;
  const { ca, cert, key } = await makeCertificate([address]);
  const file = (name: string, content: string): string => {
    const place = path.join(folder, name);
    writeFileSync(place, content, { mode: 0o600 });
    return place;
  };
  const [port = 0, metricsPort = 0] = await freePorts(2);
  // EKS writes this file from the associations of the cluster.
  const identities = file('associations.json', JSON.stringify({ identities: associations }));
  const flags = [
    '--in-cluster=false',
    `--kubeconfig=${cluster.facts.kubeconfig}`,
    `--port=${port}`,
    `--metrics-port=${metricsPort}`,
    `--tls-cert=${file('tls.crt', cert)}`,
    `--tls-key=${file('tls.key', key)}`,
    '--annotation-prefix=eks.amazonaws.com',
    '--token-audience=sts.amazonaws.com',
    '--aws-default-region=eu-west-1',
    '--sts-regional-endpoint=true',
    `--watch-container-credentials-config=${identities}`,
    '--logtostderr=true',
  ];
  const logFile = path.join(folder, 'webhook.log');
  const child = spawn(program, flags, {
    // If this process dies, the supervisor of the cluster ends the program.
    env: { ...process.env, [MARK]: cluster.facts.directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => appendFileSync(logFile, data));
  const closed = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      appendFileSync(logFile, String(error));
      resolve();
    });
    child.once('close', () => resolve());
  });
  return {
    clientConfig: {
      url: `https://${address}:${port}/mutate`,
      caBundle: Buffer.from(ca).toString('base64'),
    },
    log: () => (existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-3000) : 'its log is empty'),
    stop: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
