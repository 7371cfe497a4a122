/** The clients that an attack must not keep out: an API server and a kubelet. */
import { Agent } from 'node:https';
import { benchReview } from '../bench/webhook-review.ts';
import { plainGet, postReview } from '../server/client.ts';
import type { Target } from './pressure.ts';

/** What an API server saw. */
export interface Seen {
  reviews: number;
  /** Reviews that failed. After a timeout, an API server calls again, as often as the webhook is registered. */
  readonly lost: string[];
  slowestMilliseconds: number;
  probes: number;
  /** Probes that failed as many times in succession as the Deployment permits. */
  readonly failedProbes: string[];
}

export interface Peers {
  readonly seen: Seen;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

// As in the registration.
const TIMEOUT_MILLISECONDS = 5_000;
const CALLS = 5;
// As in the Deployment, whose probes are less frequent.
const PROBES = {
  '/livez': { failureThreshold: 3, timeoutMilliseconds: 3_000 },
  '/readyz': { failureThreshold: 3, timeoutMilliseconds: 2_000 },
};
const KEPT_CONNECTIONS = 4;

/** Starts both clients. */
export function startPeers(target: Target): Peers {
  const seen: Seen = { reviews: 0, lost: [], slowestMilliseconds: 0, probes: 0, failedProbes: [] };
  let isOver = false;
  const agent = new Agent({ keepAlive: true, maxSockets: KEPT_CONNECTIONS });
  const body = benchReview();

  async function review(kept: boolean): Promise<void> {
    const started = performance.now();
    const call = () => within(postReview(target.port, body, kept ? { agent } : {}), TIMEOUT_MILLISECONDS);
    let answer = await call();
    // On a machine with other work, a timeout says little.
    for (let calls = 1; calls < CALLS && answer === TIMED_OUT; calls += 1) answer = await call();
    seen.reviews += 1;
    seen.slowestMilliseconds = Math.max(seen.slowestMilliseconds, performance.now() - started);
    if (typeof answer === 'string') seen.lost.push(`${kept ? 'kept' : 'new'} connection: ${answer}`);
    else if (answer.status !== 200 || !answer.text.includes('"patch"'))
      seen.lost.push(`status ${answer.status}: ${answer.text.slice(0, 100)}`);
  }

  let failures: Readonly<Record<string, number>> = {};
  async function probe(path: keyof typeof PROBES): Promise<void> {
    const { failureThreshold, timeoutMilliseconds } = PROBES[path];
    const answer = await within(plainGet(target.probePort, path), timeoutMilliseconds);
    seen.probes += 1;
    const isGood = typeof answer !== 'string' && answer.status === 200;
    const count = isGood ? 0 : (failures[path] ?? 0) + 1;
    failures = { ...failures, [path]: count };
    if (count < failureThreshold) return;
    seen.failedProbes.push(
      `${path}: ${typeof answer === 'string' ? answer : `${answer.status} ${answer.text}`}`,
    );
  }

  async function repeat(action: () => Promise<void>, pause: number): Promise<void> {
    while (!isOver) {
      await action();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  const running = [
    ...Array.from({ length: KEPT_CONNECTIONS }, () => repeat(() => review(true), 20)),
    repeat(() => review(false), 20),
    repeat(() => probe('/livez'), 250),
    repeat(() => probe('/readyz'), 250),
  ];
  return {
    seen,
    stop: async () => {
      isOver = true;
      await Promise.all(running);
      agent.destroy();
    },
  };
}

const TIMED_OUT = 'no answer in time';

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T | string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(TIMED_OUT), milliseconds);
  });
  try {
    return await Promise.race([promise.catch((error: Error) => error.message), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
