/**
 * What each bundle may contain, read from esbuild's own account of what went in. This is what makes "the webhook
 * cannot call AWS" true rather than intended.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

interface Content {
  readonly forbidden: readonly string[];
  /** At least one input must match each of these: a bundle that is empty proves nothing. */
  readonly required: readonly string[];
}

const AWS_FAKE = ['test/', 'node_modules/jose/', 'node_modules/aws4/'];
const AWS = ['node_modules/@aws-sdk/', 'node_modules/@smithy/'];
const SERVER = [
  'node_modules/fastify/',
  'node_modules/pino/',
  'node_modules/yaml/',
  'node_modules/js-yaml/',
  'node_modules/zod/',
  'node_modules/prom-client/',
  'node_modules/selfsigned/',
];

// prom-client contains the API of OpenTelemetry.
const TRACES = 'node_modules/@opentelemetry/otlp-transformer/';

const JMESPATH = 'node_modules/@jmespath-community/';
const MUSTACHE = 'node_modules/mustache/';
const PROGRAMS = ['src/webhook/', 'src/fetcher/', 'src/cli/', 'src/runtime/'];

const BUNDLES: Readonly<Record<string, Content>> = {
  // Runs before every program of a pod, and before the environment is known to be harmless.
  main: {
    forbidden: [
      ...['node_modules/', 'test/', 'src/webhook/', 'src/fetcher/', 'src/cli/', 'src/kubernetes/'],
      ...['src/runtime/settings/', 'src/runtime/log/', 'src/runtime/https-request'],
    ],
    required: ['src/executable/', 'src/core/'],
  },
  webhook: {
    forbidden: [...AWS, ...AWS_FAKE, 'src/fetcher/', 'src/cli/', 'node_modules/selfsigned/', TRACES],
    required: ['node_modules/fastify/', 'src/core/'],
  },
  fetch: {
    forbidden: [...AWS, ...SERVER, ...AWS_FAKE, JMESPATH, MUSTACHE, TRACES, 'src/webhook/', 'src/cli/'],
    required: ['src/fetcher/', 'src/core/'],
  },
  'secrets-manager': {
    forbidden: [
      ...SERVER,
      ...AWS_FAKE,
      JMESPATH,
      MUSTACHE,
      TRACES,
      'src/webhook/',
      'src/cli/',
      'node_modules/@aws-sdk/credential-provider-ini',
      'node_modules/@aws-sdk/credential-provider-sso',
      'node_modules/@aws-sdk/credential-provider-process',
    ],
    required: ['node_modules/@aws-sdk/client-secrets-manager'],
  },
  // In the memory of every pod with `refresh`, for all its life.
  refresh: {
    forbidden: [
      ...['node_modules/', 'test/', 'src/webhook/', 'src/cli/', 'src/kubernetes/', 'src/aws/'],
      ...['src/runtime/', 'src/fetcher/with-session', 'src/core/plan/read-plan'],
    ],
    required: ['src/fetcher/refresh/', 'src/core/'],
  },
  'refresh-look': {
    forbidden: [...AWS, ...SERVER, ...AWS_FAKE, JMESPATH, MUSTACHE, TRACES, 'src/webhook/', 'src/cli/'],
    required: ['src/fetcher/refresh/', 'src/core/'],
  },
  // Runs every second until a pod has started, and every ten seconds with `refresh-required`.
  'refresh-status': {
    forbidden: [
      ...['node_modules/', 'test/', 'src/webhook/', 'src/cli/', 'src/kubernetes/', 'src/aws/'],
      ...['src/runtime/settings/', 'src/runtime/log/', 'src/runtime/https-request'],
    ],
    required: ['src/fetcher/refresh/', 'src/core/'],
  },
  jmespath: {
    forbidden: [...AWS, ...SERVER, ...AWS_FAKE, ...PROGRAMS, MUSTACHE],
    required: [JMESPATH, 'src/core/'],
  },
  template: {
    forbidden: [...AWS, ...SERVER, ...AWS_FAKE, ...PROGRAMS, JMESPATH],
    required: [MUSTACHE, 'src/core/'],
  },
  // Of the webhook and of the fetcher of operators who trace. The second is loaded before the application starts.
  opentelemetry: {
    forbidden: [...AWS, ...SERVER, ...AWS_FAKE, 'src/fetcher/', 'src/cli/', 'src/webhook/server/'],
    required: ['node_modules/@opentelemetry/sdk-trace/'],
  },
  'fetch-trace': {
    forbidden: [
      ...AWS,
      ...SERVER,
      ...AWS_FAKE,
      'src/webhook/',
      'src/cli/',
      'node_modules/@opentelemetry/sdk-trace/',
    ],
    required: ['node_modules/@opentelemetry/otlp-transformer/', 'src/fetcher/trace/'],
  },
  // May list and change workloads, and call AWS; never serves reviews, and never reads values.
  rollout: {
    forbidden: [
      ...AWS_FAKE,
      'node_modules/fastify/',
      'node_modules/selfsigned/',
      'src/webhook/',
      'src/fetcher/',
      'src/cli/',
      'node_modules/@aws-sdk/credential-provider-ini',
      'node_modules/@aws-sdk/credential-provider-sso',
      'node_modules/@aws-sdk/credential-provider-process',
    ],
    required: ['src/rollout/', 'node_modules/@aws-sdk/client-sqs', 'node_modules/prom-client/'],
  },
  // Of the command `audit`, with --live.
  inventory: {
    forbidden: [
      ...SERVER,
      ...AWS_FAKE,
      ...['src/webhook/', 'src/fetcher/', 'src/cli/', 'src/rollout/', 'src/aws/calls/read-secret'],
      'node_modules/@aws-sdk/credential-provider-ini',
      'node_modules/@aws-sdk/credential-provider-sso',
      'node_modules/@aws-sdk/credential-provider-process',
    ],
    required: ['src/inventory/', 'node_modules/@aws-sdk/client-iam'],
  },
  // Every pod of a cluster before 1.38 may wait for its start.
  check: {
    forbidden: [
      ...['node_modules/', 'test/', 'src/webhook/', 'src/fetcher/', 'src/cli/', 'src/kubernetes/'],
      ...['src/runtime/settings/', 'src/runtime/log/', 'src/runtime/https-request'],
    ],
    required: ['src/kubelet-check/', 'src/core/'],
  },
  // Of the webhook with self-managed certificates, and of the command `certs`.
  x509: {
    forbidden: [...AWS, ...AWS_FAKE, 'src/webhook/', 'src/fetcher/', 'src/cli/', 'src/core/'],
    required: ['node_modules/selfsigned/'],
  },
  cli: {
    forbidden: [
      ...AWS,
      ...AWS_FAKE,
      'node_modules/fastify/',
      'node_modules/selfsigned/',
      TRACES,
      'src/webhook/',
      'src/fetcher/',
    ],
    required: ['src/cli/', 'src/core/'],
  },
};

/** @returns one line for each input that does not belong where it is */
export async function checkBundles(root: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const [name, content] of Object.entries(BUNDLES)) {
    const file = path.join(root, 'dist', `${name}.meta.json`);
    if (!existsSync(file)) {
      wrong.push(`dist/${name}.meta.json is missing: npm run build`);
      continue;
    }
    const inputs = Object.keys((JSON.parse(readFileSync(file, 'utf8')) as { inputs: object }).inputs);
    for (const part of content.forbidden) {
      const found = inputs.find((input) => input.includes(part));
      if (found !== undefined) wrong.push(`bundle ${name} must not contain ${found}`);
    }
    for (const part of content.required) {
      if (!inputs.some((input) => input.includes(part))) wrong.push(`bundle ${name} should contain ${part}`);
    }
  }
  wrong.push(...(await bundleCoreForBrowser(root)));
  return wrong;
}

/** The core runs anywhere: a bundle for browsers fails on any Node module. */
async function bundleCoreForBrowser(root: string): Promise<readonly string[]> {
  const modules = [
    'admission',
    'inject',
    'render/render',
    'jmespath/index',
    'template/index',
    'annotations/form/json-schema',
  ];
  const entry = modules.map((module) => `export * from './${module}.ts';`).join(' ');
  const result = await build({
    stdin: { contents: entry, resolveDir: path.join(root, 'src/core'), loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'esm',
    logLevel: 'silent',
  }).catch((error: unknown) => (error as { errors: readonly { text: string }[] }).errors);
  return Array.isArray(result)
    ? result.map((error: { text: string }) => `core does not bundle for a browser: ${error.text}`)
    : [];
}
