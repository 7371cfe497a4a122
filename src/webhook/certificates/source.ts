/** Where the TLS certificate of the webhook comes from. `webhook.ts` chooses the source; the rest knows only this interface. */
import type { CertificatePair } from './pair.ts';

export interface CertificateSource {
  /** The current pair; undefined before the first one. */
  readonly current: CertificatePair | undefined;
  /** Starts the source. Resolves after the first attempt, successful or not. */
  start(): Promise<void>;
  stop(): void;
}

/** What a source reports. */
export interface CertificateListener {
  /** Called for each new pair, before it becomes the current one. */
  readonly use: (pair: CertificatePair) => void;
  /** Called when no usable pair was found, once for each different problem. The current pair stays. */
  readonly report: (problem: string) => void;
}
