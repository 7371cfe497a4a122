/** Whether this replica is ready: it sends itself a review, as an API server would. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { CertificatePair } from '../certificates/pair.ts';
import { isValidAt } from '../certificates/pair.ts';
import type { CertificateSource } from '../certificates/source.ts';
import { checkOwnReview, ownReview } from './own-review.ts';
import { OWN_REVIEW_HEADER, sendReview } from './send-review.ts';

export type ReadyState = { readonly ready: true } | { readonly ready: false; readonly why: string };

export interface Readiness {
  check(): Promise<ReadyState>;
  /** Whether a review comes from a readiness check of this process. */
  isOwnReview(uid: string): boolean;
  /** The same for a request. Its header contains the random uid of the review, which nobody else knows. */
  isOwnRequest(request: IncomingMessage): boolean;
}

export interface ReadinessParts {
  readonly certificates: Pick<CertificateSource, 'current' | 'problem' | 'now'>;
  readonly isDraining: () => boolean;
  /** Whether the first cluster check is done. Before that, pods with native variables or refresh would be denied without a reason. */
  readonly isSettled: () => boolean;
  /** The address of the HTTPS server; undefined while it does not listen. */
  readonly address: () => { readonly host: string; readonly port: number } | undefined;
}

/**
 * The maximum age of a result. Probes arrive every few seconds, so this only limits the cost of many probes. A failure is
 * not reused, so that one is not counted as several.
 */
const FRESH_MILLISECONDS = 1_000;
const DEADLINE_MILLISECONDS = 2_000;

/** Makes the check. Concurrent checks share one review. */
export function makeReadiness(parts: ReadinessParts): Readiness {
  const own = new Set<string>();
  let running: Promise<ReadyState> | undefined;
  let last: { readonly state: ReadyState; readonly at: number; readonly pair: CertificatePair } | undefined;

  async function askListener(pair: CertificatePair): Promise<ReadyState> {
    const address = parts.address();
    if (address === undefined) return notReady('the HTTPS server does not listen yet');
    const uid = randomUUID();
    own.add(uid);
    const answer = await sendReview(address, { uid, body: ownReview(uid) }, DEADLINE_MILLISECONDS);
    own.delete(uid);
    if (!answer.ok) return notReady('the HTTPS server does not answer');
    if (answer.peer?.equals(pair.leaf.raw) !== true)
      return notReady('the HTTPS server does not use the current certificate');
    const problem = checkOwnReview(answer.status, answer.body.toString(), uid);
    return problem === undefined ? { ready: true } : notReady(problem);
  }

  async function check(): Promise<ReadyState> {
    if (parts.isDraining()) return notReady('draining');
    const { current: pair, problem } = parts.certificates;
    if (pair === undefined) return notReady(problem ?? 'no certificate');
    if (!isValidAt(pair, parts.certificates.now()))
      return notReady('the certificate is expired or not valid yet');
    if (problem !== undefined) return notReady(problem);
    if (!parts.isSettled())
      return notReady('checking whether the cluster supports native variables and sidecars');
    if (last?.pair === pair && last.state.ready && performance.now() - last.at < FRESH_MILLISECONDS)
      return last.state;
    running ??= askListener(pair).finally(() => {
      running = undefined;
    });
    const state = await running;
    last = { state, at: performance.now(), pair };
    // Draining may have started meanwhile.
    return parts.isDraining() ? notReady('draining') : state;
  }

  return {
    check,
    isOwnReview: (uid) => own.has(uid),
    isOwnRequest: ({ headers }) => own.has(String(headers[OWN_REVIEW_HEADER] ?? '')),
  };
}

function notReady(why: string): ReadyState {
  return { ready: false, why };
}
