/** What the executable contains. */

/** The name of the executable in dist/ and in /app of the image. */
export const EXECUTABLE = 'aws-secrets-injector';

/** The bundles that ship, besides the entry, `main`. The demo, with its AWS fake, is not among them. */
export const SHIPPED = [
  'cli',
  'webhook',
  'fetch',
  'secrets-manager',
  'jmespath',
  'template',
  'check',
  'refresh',
  'refresh-look',
  'refresh-status',
  'x509',
  'opentelemetry',
  'fetch-trace',
  'rollout',
  'inventory',
];
/** Bundles whose code cache makes up for its size: every pod waits for them. */
export const CACHED = ['fetch', 'secrets-manager'];
