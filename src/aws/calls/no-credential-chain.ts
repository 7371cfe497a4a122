/**
 * Replaces `@aws-sdk/credential-provider-node` in the SDK's bundle: the default chain, which would look for static keys,
 * profiles and the role of the node, is not part of the program.
 */
export function defaultProvider(): () => Promise<never> {
  return () => Promise.reject(new Error('this program has no credential chain'));
}
