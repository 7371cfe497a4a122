/** The annotation prefix and the namespace label. No other file spells them. */
export const PREFIX = 'secrets-injector.dev/';
export const NAMESPACE_LABEL = `${PREFIX}injection`;
