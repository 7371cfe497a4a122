/**
 * The rooms of src, from the top floor down. A room is a folder or a single file; it imports only rooms that come
 * after it, so no circle between rooms is possible. Programs never import each other.
 */

/** A program or library of src, and what it may use besides its own rooms. */
export interface House {
  /** From the top floor down, as paths below the house's folder. */
  readonly rooms: readonly string[];
  /** Other folders of src. */
  readonly imports: readonly string[];
  readonly packages: readonly string[];
  readonly builtins: boolean;
}

export const HOUSES: Readonly<Record<string, House>> = {
  cli: {
    rooms: ['main.ts', 'commands', 'cluster', 'manifests', 'yaml', 'certificates'],
    imports: ['core', 'kubernetes', 'runtime'],
    packages: ['fast-json-patch'],
    builtins: true,
  },
  library: {
    rooms: ['index.ts', 'annotate.ts', 'check.ts', 'request.ts', 'secret.ts'],
    imports: ['core'],
    packages: [],
    builtins: false,
  },
  webhook: {
    rooms: [
      'main.ts',
      'webhook.ts',
      'settings.ts',
      'server',
      'readiness',
      'review',
      'native',
      'certificate-source.ts',
      'certificates/self-managed',
      'certificates',
      'policy-watch.ts',
      'file-watch.ts',
      'metrics.ts',
      'events',
      'traces',
    ],
    imports: ['core', 'kubernetes', 'runtime'],
    packages: [
      'fastify',
      'prom-client',
      'fast-json-patch',
      '@opentelemetry/api',
      '@opentelemetry/core',
      '@opentelemetry/resources',
      '@opentelemetry/sdk-trace',
    ],
    builtins: true,
  },
  executable: {
    rooms: ['main.ts', 'environment.ts', 'bundles.ts'],
    imports: ['core', 'runtime'],
    packages: [],
    builtins: true,
  },
  fetcher: {
    rooms: [
      ...['entry.ts', 'main.ts', 'refresh', 'run-once.ts', 'with-session.ts', 'write-rendered.ts'],
      ...['fetch-secrets.ts', 'each-secret.ts', 'files', 'trace', 'process'],
    ],
    imports: ['aws', 'core', 'runtime'],
    packages: ['@opentelemetry/api', '@opentelemetry/resources', '@opentelemetry/sdk-trace'],
    builtins: true,
  },
  rollout: {
    rooms: [
      'main.ts',
      'status.ts',
      'rollout.ts',
      'running.ts',
      'settings.ts',
      'reports.ts',
      'metrics.ts',
      'plain-server.ts',
      'cluster',
      'aws',
      'controller.ts',
      'notes.ts',
      'dry-run.ts',
      'writes.ts',
      'changes',
      'effects.ts',
      'decide',
    ],
    imports: ['aws', 'core', 'kubernetes', 'runtime'],
    packages: ['@aws-sdk/client-sqs', 'prom-client'],
    builtins: true,
  },
  aws: {
    rooms: ['credentials', 'calls', 'environment.ts'],
    imports: ['core', 'runtime'],
    packages: ['@aws-sdk/client-secrets-manager', '@smithy/core', '@smithy/signature-v4'],
    builtins: true,
  },
  'kubelet-check': { rooms: ['main.ts'], imports: ['core', 'runtime'], packages: [], builtins: true },
  kubernetes: {
    rooms: [
      'kubelets.ts',
      'list-watch.ts',
      'lists.ts',
      'version.ts',
      'changes.ts',
      'watch-stream.ts',
      'lease.ts',
      'event-note.ts',
      'api-client.ts',
    ],
    imports: ['core', 'runtime'],
    packages: [],
    builtins: true,
  },
  runtime: {
    rooms: [
      'settings',
      'shutdown.ts',
      'log',
      'proxy.ts',
      'otlp.ts',
      'https-request.ts',
      'termination-message.ts',
      'exit-command.ts',
      'root.ts',
      'version.ts',
      'x509.ts',
      'certificate.ts',
    ],
    imports: ['core'],
    packages: ['pino', 'selfsigned', '@opentelemetry/otlp-transformer', '@opentelemetry/sdk-trace'],
    builtins: true,
  },
  core: {
    rooms: [
      'admission.ts',
      'inject.ts',
      'advice',
      'decide',
      'additions',
      'annotations',
      'settings.ts',
      'policy',
      'annotations/form',
      'render',
      'plan',
      'template',
      'jmespath',
      'formats',
      'secret',
      'iam',
      'names',
      'pod',
      'problems',
      'limits.ts',
      'json.ts',
      'duration.ts',
      'utf8.ts',
      'text-encoding.d.ts',
    ],
    imports: [],
    packages: ['@jmespath-community/jmespath', 'js-yaml', 'mustache', 'zod/mini'],
    builtins: false,
  },
};
