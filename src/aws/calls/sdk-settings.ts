/** Settings of every client of the AWS SDK. All settings that it would look up are set. */
export const SDK_SETTINGS = {
  // The callers retry: the SDK stops before the network is available.
  maxAttempts: 1,
  retryMode: 'standard' as const,
  defaultsMode: 'legacy' as const,
  useFipsEndpoint: false,
  useDualstackEndpoint: false,
  // Otherwise the SDK looks for these three settings in ~/.aws/config.
  authSchemePreference: ['sigv4'],
  disableClockSkewCorrection: false,
  userAgentAppId: async () => undefined,
};
