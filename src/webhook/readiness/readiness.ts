/** Whether this replica would serve an API server: asked of the replica itself, the way an API server would ask. */
import { randomUUID } from 'node:crypto';
import { type CertificatePair, isValidAt } from '../certificates/pair.ts';
import { checkOwnReview, ownReview } from './own-review.ts';
import { sendReview } from './send-review.ts';

export type ReadyState = { readonly ready: true } | { readonly ready: false; readonly why: string };

export interface Readiness {
  check(): Promise<ReadyState>;
  /** Whether a review is one of those that a check sends. */
  isOwnReview(uid: string): boolean;
}

export interface ReadinessParts {
  readonly certificate: () => CertificatePair | undefined;
  readonly isDraining: () => boolean;
  /** Whether the first look at the cluster is over: before that, pods could be refused for nothing. */
  readonly isSettled: () => boolean;
  /** Where the TLS listener is; undefined while it does not listen. */
  readonly address: () => { readonly host: string; readonly port: number } | undefined;
}

/** An answer may be this old. Probes come every few seconds; this only caps what a flood of them costs. */
const FRESH_MILLISECONDS = 1_000;
const DEADLINE_MILLISECONDS = 2_000;

/** Makes the check. Concurrent ones share one review. */
export function makeReadiness(parts: ReadinessParts): Readiness {
  const own = new Set<string>();
  let running: Promise<ReadyState> | undefined;
  let last: { readonly state: ReadyState; readonly at: number; readonly pair: CertificatePair } | undefined;

  async function askListener(pair: CertificatePair): Promise<ReadyState> {
    const address = parts.address();
    if (address === undefined) return { ready: false, why: 'not listening' };
    const uid = randomUUID();
    own.add(uid);
    try {
      const answer = await sendReview(address, ownReview(uid), DEADLINE_MILLISECONDS);
      if (!answer.peer.equals(pair.leaf.raw))
        return { ready: false, why: 'the listener shows another certificate' };
      const problem = checkOwnReview(answer, uid);
      return problem === undefined ? { ready: true } : { ready: false, why: problem };
    } catch {
      return { ready: false, why: 'the listener does not answer' };
    } finally {
      own.delete(uid);
    }
  }

  async function check(): Promise<ReadyState> {
    if (parts.isDraining()) return { ready: false, why: 'draining' };
    const pair = parts.certificate();
    if (pair === undefined) return { ready: false, why: 'no certificate' };
    if (!isValidAt(pair, Date.now()))
      return { ready: false, why: 'the certificate is expired or not valid yet' };
    if (!parts.isSettled())
      return { ready: false, why: 'looking whether the cluster can set native variables' };
    if (last?.pair === pair && performance.now() - last.at < FRESH_MILLISECONDS) return last.state;
    running ??= askListener(pair).finally(() => {
      running = undefined;
    });
    const state = await running;
    last = { state, at: performance.now(), pair };
    // Draining may have begun while waiting.
    return parts.isDraining() ? { ready: false, why: 'draining' } : state;
  }

  return { check, isOwnReview: (uid) => own.has(uid) };
}
