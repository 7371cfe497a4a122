/** Limits of the HTTPS server: limits against slow, large and numerous requests. Tests use small ones. */

export interface ServerLimits {
  /** Bytes of a request's body. An AdmissionReview can contain an object of 3 MiB and its encoding. */
  readonly bodyBytes: number;
  /** From the start of a connection to the end of the TLS handshake. */
  readonly handshakeMilliseconds: number;
  readonly headersMilliseconds: number;
  /** For the whole request. By the registration, an API server waits 5 s for an answer. */
  readonly requestMilliseconds: number;
  /** For the client to take an answer. */
  readonly answerMilliseconds: number;
  /** Bytes of all unfinished bodies together. */
  readonly bodiesBytes: number;
  /** Bytes of all answers together that clients have not taken. */
  readonly answersBytes: number;
  /** How often connections are checked for the limits of time. */
  readonly checkMilliseconds: number;
  /** More than the 90 s of the API server, which does not repeat a POST if the webhook closes the connection. */
  readonly keepAliveMilliseconds: number;
  readonly connections: number;
  /** For a request that is in progress when the server closes. No API server waits longer for an answer. */
  readonly closeMilliseconds: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  bodyBytes: 8 * 1024 * 1024,
  handshakeMilliseconds: 10_000,
  headersMilliseconds: 5_000,
  requestMilliseconds: 10_000,
  answerMilliseconds: 5_000,
  bodiesBytes: 32 * 1024 * 1024,
  answersBytes: 16 * 1024 * 1024,
  checkMilliseconds: 1_000,
  keepAliveMilliseconds: 120_000,
  connections: 1024,
  closeMilliseconds: 5_000,
};
