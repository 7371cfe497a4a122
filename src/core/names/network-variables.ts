/**
 * Variables that carry the operator's network settings into the fetcher. The names that other HTTP clients read, such as
 * HTTPS_PROXY, have no effect there: other webhooks set them in every container.
 */

/** URL of the proxy, possibly with credentials. */
export const HTTPS_PROXY_VARIABLE = 'SECRETS_INJECTOR_HTTPS_PROXY';
/** Hosts that are reached without the proxy. */
export const NO_PROXY_VARIABLE = 'SECRETS_INJECTOR_NO_PROXY';
/** Certificates of further certificate authorities, in PEM. */
export const CA_BUNDLE_VARIABLE = 'SECRETS_INJECTOR_CA_BUNDLE';
