/** The steps of the demo, in the order of a cluster. */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { ENV_FILE } from '../../src/core/names/volume-layout.ts';
import { PLAN_VARIABLE, type Plan, type PlanView, receiverNames } from '../../src/core/plan/plan.ts';
import { readPlan } from '../../src/core/plan/read-plan.ts';
import { FETCH_COMMAND } from '../../src/core/settings.ts';
import {
  applyToPod,
  type ReviewAnswer,
  reviewOfCreation,
  sendReview,
  type Webhook,
} from './admission-call.ts';
import { nativeVariables, prefixOf, runApplication, type SeenVariable } from './application.ts';
import { runToEnd, type ServerProcess, startServer } from './child.ts';
import { differences, type Expected, expectedOf } from './comparison.ts';
import type { Stage } from './main.ts';
import type { ContainerManifest, PodManifest } from './pod-manifest.ts';
import { describePatch } from './pretty-patch.ts';
import { makeVolume, mountVolume, TERMINATION_LOG, TOKEN_FILE, volumePath, writeToken } from './sandbox.ts';
import { fillStandIn, ROLE_ARN, type SecretContents } from './stand-in-secrets.ts';
import { StepFailed } from './steps.ts';

const FETCHER = 'aws-secrets-fetch';
const SERVER_NAME = 'aws-secrets-injector.aws-secrets-injector.svc';

/** Runs all steps. @throws StepFailed at the first step with an unexpected result */
export async function tellStory(stage: Stage): Promise<void> {
  const { steps, pod } = stage;
  const namespace = pod.metadata.namespace ?? 'default';
  await steps.run('A pod lists its secrets by ARN in annotations', () => {
    const annotations = Object.entries(pod.metadata.annotations ?? {});
    steps.show(annotations.map(([key, value]) => `${key}: ${shown(value)}`).join('\n'));
  });
  const certificates = await steps.run(
    'Create certificates for the webhook (aws-secrets-injector certs)',
    () => makeCertificates(stage),
  );
  const server = await steps.run('Start the webhook (aws-secrets-injector webhook)', () =>
    startWebhook(stage, certificates),
  );
  try {
    const answer = await steps.run(
      'Send the pod to the webhook as an AdmissionReview over HTTPS, and apply its patch',
      () => askWebhook(stage, server.webhook, namespace),
    );
    const patched = applyToPod(pod, answer.patch);
    const plan = planOf(patched);
    const contents = await prepareAws(stage, plan, namespace);
    await steps.run(
      'Run the fetcher: get AWS credentials for the service account token, fetch the secrets, write the files',
      () => runFetcher(stage, patched, plan),
    );
    await steps.run(
      'Start an application in place of the container, and compare what it receives with the secrets',
      () => checkApplications(stage, patched, plan, contents),
    );
  } finally {
    await server.process.stop();
  }
}

/** The program of the image, as the build made it. */
function executable({ dist }: Stage): string {
  return path.join(dist, path.basename(FETCH_COMMAND[0] ?? ''));
}

function shown(value: string): string {
  return value.includes('\n') ? `|\n${value.trimEnd().replace(/^/gm, '  ')}` : JSON.stringify(value);
}

async function makeCertificates(stage: Stage): Promise<string> {
  const folder = path.join(stage.sandbox.folder, 'certs');
  const made = await runToEnd([executable(stage), 'certs', '--out', folder], {});
  if (made.code !== 0) throw new StepFailed(`certs exited with ${made.code}: ${made.stderr}`);
  stage.steps.show(`CA and server certificate for ${SERVER_NAME} (ECDSA P-256)`);
  return folder;
}

async function startWebhook(
  stage: Stage,
  certificates: string,
): Promise<{ webhook: Webhook; process: ServerProcess }> {
  const [port, probePort] = [await freePort(), await freePort()];
  const ca = path.join(stage.sandbox.folder, 'aws-ca.pem');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(ca, stage.standIn.caPem);
  const flags = {
    'listen-port': port,
    'probe-port': probePort,
    'metrics-port': 0,
    certificates: 'files',
    'tls-cert-file': path.join(certificates, 'tls.crt'),
    'tls-key-file': path.join(certificates, 'tls.key'),
    image: 'aws-secrets-injector:demo',
    'ca-bundle-file': ca,
    // As in a cluster whose nodes run Kubernetes 1.35 or newer.
    'native-variables': 'on',
  };
  const command = [executable(stage), 'webhook'];
  for (const [name, value] of Object.entries(flags)) command.push(`--${name}=${value}`);
  command.push('--fetcher-env', `AWS_ENDPOINT_URL_STS=${stage.standIn.url}`);
  command.push('--fetcher-env', `AWS_ENDPOINT_URL_SECRETS_MANAGER=${stage.standIn.url}`);
  const server = startServer(command, {});
  await untilReady(server, probePort);
  stage.steps.show(`ready on port ${port}, after the webhook answered a test review of its own over TLS`);
  const webhook = {
    port,
    ca: readFileSync(path.join(certificates, 'ca.crt'), 'utf8'),
    serverName: SERVER_NAME,
  };
  return { webhook, process: server };
}

async function untilReady(server: ServerProcess, port: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && !server.ended) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
    if (ready?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await server.stop();
  throw new StepFailed(`the webhook did not become ready: ${server.output.slice(-2000)}`);
}

async function askWebhook(stage: Stage, webhook: Webhook, namespace: string): Promise<ReviewAnswer> {
  const answer = await sendReview(webhook, reviewOfCreation(stage.pod, namespace));
  if (!answer.allowed) throw new StepFailed(`the webhook denied the pod:\n${answer.message}`);
  if (answer.patch.length === 0)
    throw new StepFailed('the webhook did not change the pod, because it requests no secret');
  stage.steps.show(describePatch(answer.patch));
  for (const warning of answer.warnings) stage.steps.show(`warning: ${warning}`);
  return answer;
}

function planOf(patched: PodManifest): Plan {
  const read = readPlan(fetcherOf(patched).env?.find((entry) => entry.name === PLAN_VARIABLE)?.value);
  if (!read.ok) throw new StepFailed(`the plan cannot be read: ${read.problem.wrong}`);
  return read.value.plan;
}

function fetcherOf(patched: PodManifest): ContainerManifest {
  const fetcher = patched.spec.initContainers?.find((container) => container.name === FETCHER);
  if (fetcher === undefined) throw new StepFailed(`the patch added no init container ${FETCHER}`);
  return fetcher;
}

async function prepareAws(stage: Stage, plan: Plan, namespace: string): Promise<SecretContents> {
  const serviceAccount = stage.pod.spec.serviceAccountName ?? 'default';
  const contents = fillStandIn(stage.standIn, plan, `system:serviceaccount:${namespace}:${serviceAccount}`);
  await writeToken(stage.sandbox, await stage.standIn.issueToken({ namespace, serviceAccount }));
  return contents;
}

async function runFetcher(stage: Stage, patched: PodManifest, plan: Plan): Promise<void> {
  const fetcher = fetcherOf(patched);
  for (const view of plan.views) {
    await makeVolume(stage.sandbox, view.volume);
    const mounts = containersOf(patched).flatMap((container) =>
      container.name === FETCHER ? [] : (container.volumeMounts ?? []),
    );
    const mount = mounts.find((one) => one.name === view.volume);
    // Where all variables are native and there are no files, nobody mounts it.
    if (mount !== undefined) await mountVolume(stage.sandbox, view.volume, mount.mountPath);
  }
  // What Amazon's own webhook adds to every container of a pod whose service account has a role.
  const identity = {
    AWS_ROLE_ARN: ROLE_ARN,
    AWS_WEB_IDENTITY_TOKEN_FILE: TOKEN_FILE,
    AWS_REGION: 'eu-west-1',
  };
  const env = Object.fromEntries((fetcher.env ?? []).map((entry) => [entry.name, entry.value ?? '']));
  const [program, ...rest] = fetcher.command ?? [];
  if (program !== FETCH_COMMAND[0]) throw new StepFailed(`unexpected command ${program}`);
  const command = [executable(stage), ...rest, '--root', stage.sandbox.root];
  const started = performance.now();
  const finished = await runToEnd(command, { ...identity, ...env });
  const took = Math.round(performance.now() - started);
  if (finished.code !== 0) {
    const said = readFileSync(stage.sandbox.inRoot(TERMINATION_LOG), 'utf8') || finished.stderr;
    throw new StepFailed(`the fetcher exited with code ${finished.code}:\n${said}`);
  }
  const read = stage.standIn.requests.map((request) => `${request.operation} ${request.status}`);
  stage.steps.show(`exit code 0 after ${took} ms; requests to the AWS fake: ${read.join(', ')}`);
}

function containersOf({ spec }: PodManifest): readonly ContainerManifest[] {
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

async function checkApplications(
  stage: Stage,
  patched: PodManifest,
  plan: Plan,
  contents: SecretContents,
): Promise<void> {
  for (const view of plan.views) {
    const expected = expectedOf(plan, view, contents);
    for (const name of receiverNames(view.receivers)) {
      const after = containersOf(patched).find((one) => one.name === name);
      const before = containersOf(stage.pod).find((one) => one.name === name);
      if (before === undefined || after === undefined)
        throw new StepFailed(`the pod has no container ${name}`);
      await checkApplication(stage, view, expected, before, after);
    }
  }
}

async function checkApplication(
  { sandbox, steps }: Stage,
  view: PlanView,
  { variables, files, envFile }: Expected,
  before: ContainerManifest,
  after: ContainerManifest,
): Promise<void> {
  const { name } = before;
  const mountPath = after.volumeMounts?.find((mount) => mount.name === view.volume)?.mountPath ?? '';
  const inside = (file: string) => sandbox.inApplication(view.volume, `${mountPath}/${file}`);
  let how = '';
  let seen: readonly SeenVariable[] = [];
  const readable = new Map(files);
  if (view.receivers.native.includes(name)) {
    how = ': variables set from the env file, as kubelet does';
    const written = readFileSync(path.join(volumePath(sandbox, view.volume), ENV_FILE));
    seen = await runApplication([], nativeVariables(after, written));
  } else if (view.receivers.shell.includes(name)) {
    how = ': variables set by the injected shell prefix';
    const prefix = prefixOf(before.command ?? [], after.command ?? []);
    seen = await runApplication(
      prefix.map((part) => (part === `${mountPath}/${ENV_FILE}` ? inside(ENV_FILE) : part)),
      {},
    );
  } else if (envFile !== undefined) {
    how = `: the application reads the env file itself (format ${view.format})`;
    readable.set(ENV_FILE, envFile);
  }
  const set = readable.has(ENV_FILE) ? new Map<string, string>() : variables;
  const wrong = differences(set, readable, seen, (file) => readFileSync(inside(file)));
  if (wrong.length > 0) throw new StepFailed(wrong.join('\n'));
  steps.show(`container ${name}${how}`);
  for (const one of seen) steps.show(`  ${one.name}=${'•'.repeat(8)}  (${one.bytes} bytes)`);
  for (const [file, content] of readable)
    steps.show(`  ${mountPath}/${file}  ${'•'.repeat(8)}  (${content.length} bytes)`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
