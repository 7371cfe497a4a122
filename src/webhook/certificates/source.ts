/** Where the TLS certificate of the webhook comes from. `webhook.ts` chooses the source; the rest knows only this interface. */
import type { CertificatePair } from './pair.ts';

export interface CertificateSource {
  /** The current pair; undefined before the first one. */
  readonly current: CertificatePair | undefined;
  /** Why API servers do not accept the current pair, or why there is none; undefined if nothing is known to be wrong. */
  readonly problem: string | undefined;
  /** The clock that decides whether a certificate is valid, in milliseconds. */
  now(): number;
  /** Starts the source. Resolves after the first attempt, successful or not. */
  start(): Promise<void>;
  stop(): void;
}

/** The CA of the current pair. */
export interface AuthorityState {
  /** In milliseconds. */
  readonly expiry: number;
  /** Whether every registration contains it in `caBundle`, as last read. */
  readonly isTrusted: boolean;
}

/** What a source reports. */
export interface CertificateListener {
  /** Called for each new pair, before it becomes the current one. */
  readonly use: (pair: CertificatePair) => void;
  /** Called when no usable pair was found, once for each different problem. The current pair stays. */
  readonly report: (problem: string) => void;
  /** Called when the state of the CA changes. Only by sources that know it. */
  readonly authority: (state: AuthorityState) => void;
  /** Called after the source wrote an object in the cluster. @param what for the log */
  readonly wrote: (what: string, object: 'secret' | 'registration') => void;
}
