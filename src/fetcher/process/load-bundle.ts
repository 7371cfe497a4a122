/** The bundles that the fetcher loads when it needs them. */

export type BundleName = 'secrets-manager' | 'jmespath' | 'template' | 'fetch-trace';

/** Loads a bundle, and returns the same exports again the next time. @throws Error if it is missing */
export type LoadBundle = (name: BundleName) => Readonly<Record<string, unknown>>;
