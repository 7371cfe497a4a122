/** Creates pods at a steady rate, whatever the answers, and sorts the answers. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../client.ts';
import { isInjected, type PodObject } from './injected-pods.ts';

/** What a client sees of one creation. */
export type Outcome =
  | 'injected'
  /** Created, but not or not completely injected. */
  | 'without injection'
  /** The webhook answered and rejected the pod. */
  | 'rejected by the webhook'
  /** The API server could not call the webhook. */
  | 'webhook not called'
  /** Something else, such as etcd. */
  | 'other failure';

export interface Creation {
  readonly outcome: Outcome;
  /** Milliseconds since the load started. */
  readonly at: number;
  readonly milliseconds: number;
  /** What the API server answered; empty for an injected pod. */
  readonly message: string;
}

export interface Load {
  /** Goes on until this number of pods was created, counted from the start, then waits for all answers. */
  finish(atLeast: number): Promise<readonly Creation[]>;
}

/** Starts to create pods. @param rate pods a second @param makePod the pod to create, without a name */
export function keepCreating(
  client: ApiClient,
  namespace: string,
  rate: number,
  makePod: () => object,
): Load {
  const started = performance.now();
  const answers: Creation[] = [];
  const open = new Set<Promise<void>>();
  let sent = 0;
  let wanted = Number.POSITIVE_INFINITY;

  async function create(): Promise<void> {
    const at = performance.now();
    const [outcome, message] = await client
      .send('POST', `/api/v1/namespaces/${namespace}/pods`, makePod())
      .then(({ status, body }) => sort(status, body))
      .catch((error: Error) => ['other failure', error.message] as const);
    answers.push({ outcome, message, at: at - started, milliseconds: performance.now() - at });
  }

  const running = (async () => {
    while (sent < wanted) {
      // In an open loop: a slow answer does not delay the next pod.
      const creation = create().finally(() => open.delete(creation));
      open.add(creation);
      sent += 1;
      await delay(Math.max(0, started + (sent * 1000) / rate - performance.now()));
    }
  })();
  return {
    finish: async (atLeast) => {
      wanted = Math.max(atLeast, sent);
      await running;
      await Promise.all(open);
      return answers;
    },
  };
}

function sort(status: number, body: string): readonly [Outcome, string] {
  if (status === 201)
    return isInjected(JSON.parse(body) as PodObject) ? ['injected', ''] : ['without injection', body];
  const message = messageOf(body);
  if (message.includes('denied the request')) return ['rejected by the webhook', message];
  if (message.includes('failed calling webhook')) return ['webhook not called', message];
  return ['other failure', `${status} ${message}`];
}

function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: string };
    return message ?? body;
  } catch {
    return body;
  }
}
