/** The one place where the annotation prefix and the namespace label are spelled. */
export const PREFIX = 'secrets-injector.dev/';
export const NAMESPACE_LABEL = `${PREFIX}injection`;
