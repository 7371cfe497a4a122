/** The image of webhooks that tests start without a container. */
export const INJECTOR_IMAGE = 'registry.example/aws-secrets-injector:test';
