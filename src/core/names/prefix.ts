/** The annotation prefix, the namespace label, and how users misspell the prefix. No other file spells them. */
export const PREFIX = 'secrets-injector.dev/';
export const NAMESPACE_LABEL = `${PREFIX}injection`;

/**
 * Domains that a user can write instead of that of the prefix. Annotations below them have no effect, and the guard warns
 * about them.
 */
export const NEAR_DOMAINS: readonly string[] = [
  'secret-injector.dev',
  'secrets-injector.io',
  'secret-injector.io',
  'secrets-injector.com',
  'secret-injector.com',
  'secrets-injector.k8s.io',
  'secrets-injector',
  'secret-injector',
  'secrets-inject.dev',
  'secretsinjector.dev',
  'aws-secrets-injector.dev',
  'aws-secrets-injector.io',
  'aws-secrets-injector',
];
