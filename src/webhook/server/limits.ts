/** Limits of the HTTPS server: limits against slow, large and numerous requests. Tests use small ones. */

export interface ServerLimits {
  /** Bytes of a request's body. An AdmissionReview can hold an object of 3 MiB and its encoding. */
  readonly bodyBytes: number;
  /** From the first byte of a connection to a finished TLS handshake. */
  readonly handshakeMilliseconds: number;
  readonly headersMilliseconds: number;
  /** For the whole request. An API server waits 5 s for an answer, by our registration. */
  readonly requestMilliseconds: number;
  /** How often Node looks for connections over the two limits above. */
  readonly checkMilliseconds: number;
  /** Above the API server's own 90 s: it does not repeat a POST on a connection that we close under its hands. */
  readonly keepAliveMilliseconds: number;
  readonly connections: number;
  /** For a request that is under way when the server closes: no API server waits longer for its answer. */
  readonly closeMilliseconds: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 8 * 1024 * 1024,
  handshakeMilliseconds: 10_000,
  headersMilliseconds: 5_000,
  requestMilliseconds: 10_000,
  checkMilliseconds: 1_000,
  keepAliveMilliseconds: 120_000,
  connections: 1024,
  closeMilliseconds: 5_000,
};
