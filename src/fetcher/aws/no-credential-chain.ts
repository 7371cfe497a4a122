/**
 * Stands in the SDK's bundle for `@aws-sdk/credential-provider-node`: the default chain, which would look for static
 * keys, profiles and the node's role, is not even there.
 */
export function defaultProvider(): () => Promise<never> {
  return () => Promise.reject(new Error('no credential chain in this program'));
}
