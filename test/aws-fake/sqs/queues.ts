import { Queue, type QueueFaults, type QueueInput } from './queue.ts';

/** A queue of the fake, which tests can fill and watch. */
export interface QueueHandle {
  readonly arn: string;
  readonly url: string;
  readonly counts: Queue['counts'];
  /** Sends a message. @returns its id */
  send(body: string): string;
  setFaults(faults: QueueFaults): void;
  /** Removes the queue. */
  remove(): void;
}

/** The queues of all accounts and Regions. */
export class Queues {
  readonly #queues = new Map<string, Queue>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  put(input: QueueInput): Queue {
    const queue = new Queue(input, this.#now);
    this.#queues.set(keyOf(queue.region, queue.account, queue.name), queue);
    return queue;
  }

  get(arn: string): Queue | undefined {
    const [, , , region = '', account = '', name = ''] = arn.split(':');
    return this.findByName(name, account, region);
  }

  /** Finds a queue by its URL. SQS reads account and name from the path, and the Region from the signature. */
  find(url: string, region: string): Queue | undefined {
    const [, account = '', name = ''] = URL.parse(url)?.pathname.split('/') ?? [];
    return this.findByName(name, account, region);
  }

  findByName(name: string, account: string, region: string): Queue | undefined {
    return this.#queues.get(keyOf(region, account, name));
  }

  handle(queue: Queue, url: string): QueueHandle {
    return {
      arn: queue.arn,
      url,
      get counts() {
        return queue.counts;
      },
      send: (body) => queue.send(body),
      setFaults: (faults) => queue.setFaults(faults),
      remove: () => {
        this.#queues.delete(keyOf(queue.region, queue.account, queue.name));
      },
    };
  }
}

const keyOf = (region: string, account: string, name: string) => `${region}/${account}/${name}`;
