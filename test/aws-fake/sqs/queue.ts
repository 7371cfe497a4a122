/** One standard queue: at least once, in any order. */
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

export interface QueueInput {
  /** The ARN: `arn:aws:sqs:<region>:<account>:<name>`. */
  readonly arn: string;
  /** In seconds. Default: 30. */
  readonly visibilityTimeout?: number;
  /** How long ReceiveMessage waits unless the request says so, in seconds. Default: 0. */
  readonly waitTime?: number;
}

/** What a standard queue may do, and does when a test asks for it. */
export interface QueueFaults {
  /** Each message is delivered this many times more, even after it is deleted. The copies share its id. */
  readonly duplicates?: number;
  /** The order of delivery. Default: `sent`. */
  readonly order?: 'sent' | 'reversed';
}

export interface Receipt {
  readonly messageId: string;
  readonly handle: string;
  readonly body: string;
  readonly md5: string;
  readonly receiveCount: number;
  readonly sentAt: number;
  readonly firstReceivedAt: number;
}

interface Copy {
  readonly messageId: string;
  readonly body: string;
  readonly sentAt: number;
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  /** Of the last receipt: earlier ones no longer delete the message. */
  handle: string | undefined;
}

export interface ReceiveInput {
  /** How many messages at most. */
  readonly most: number;
  /** In seconds. */
  readonly visibilityTimeout?: number;
  /** In seconds. */
  readonly waitTime?: number;
  /** Ends the wait: the client disconnected, or the fake is stopping. */
  readonly gone: AbortSignal;
}

export class Queue {
  readonly arn: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly visibilityTimeout: number;
  readonly #waitTime: number;
  readonly #now: () => number;
  readonly #handles = new Set<string>();
  #copies: Copy[] = [];
  #faults: QueueFaults = {};
  #sent = Promise.withResolvers<void>();

  constructor(input: QueueInput, now: () => number) {
    const [, , , region = '', account = '', name = ''] = input.arn.split(':');
    if (name === '') throw new TypeError(`not the ARN of a queue: ${input.arn}`);
    this.arn = input.arn;
    this.name = name;
    this.account = account;
    this.region = region;
    this.visibilityTimeout = input.visibilityTimeout ?? 30;
    this.#waitTime = input.waitTime ?? 0;
    this.#now = now;
  }

  /** Changes what happens to messages that arrive or are delivered from now on. */
  setFaults(faults: QueueFaults): void {
    this.#faults = faults;
  }

  /** How many messages wait for a consumer, and how many a consumer has. */
  get counts(): { readonly visible: number; readonly inFlight: number } {
    const visible = this.#copies.filter(({ visibleAt }) => visibleAt <= this.#now()).length;
    return { visible, inFlight: this.#copies.length - visible };
  }

  /** @returns the id of the message */
  send(body: string): string {
    const messageId = randomUUID();
    for (let copy = 0; copy <= (this.#faults.duplicates ?? 0); copy += 1) {
      this.#copies.push({
        messageId,
        body,
        sentAt: this.#now(),
        visibleAt: this.#now(),
        receiveCount: 0,
        firstReceivedAt: undefined,
        handle: undefined,
      });
    }
    this.#wake();
    return messageId;
  }

  /** Waits for messages as long as the input says, and hides those that it returns. */
  async receive(input: ReceiveInput): Promise<readonly Receipt[]> {
    const timeout = AbortSignal.timeout((input.waitTime ?? this.#waitTime) * 1000);
    for (;;) {
      const receipts = input.gone.aborted ? [] : this.#take(input);
      if (receipts.length > 0 || input.gone.aborted || timeout.aborted) return receipts;
      await this.#change(AbortSignal.any([input.gone, timeout]));
    }
  }

  /** @returns whether the queue has ever issued the handle */
  delete(handle: string): boolean {
    this.#copies = this.#copies.filter((copy) => copy.handle !== handle);
    return this.#handles.has(handle);
  }

  /** Hides a message that was received for some seconds from now on. */
  changeVisibility(handle: string, seconds: number): 'changed' | 'unknown' | 'gone' | 'visible' {
    if (!this.#handles.has(handle)) return 'unknown';
    const copy = this.#copies.find((candidate) => candidate.handle === handle);
    if (copy === undefined) return 'gone';
    if (copy.visibleAt <= this.#now()) return 'visible';
    copy.visibleAt = this.#now() + seconds * 1000;
    this.#wake();
    return 'changed';
  }

  #take({ most, visibilityTimeout = this.visibilityTimeout }: ReceiveInput): readonly Receipt[] {
    const now = this.#now();
    const visible = this.#copies.filter(({ visibleAt }) => visibleAt <= now);
    const ordered = this.#faults.order === 'reversed' ? visible.reverse() : visible;
    return ordered.slice(0, most).map((copy) => {
      const handle = randomUUID();
      this.#handles.add(handle);
      copy.handle = handle;
      copy.visibleAt = now + visibilityTimeout * 1000;
      copy.receiveCount += 1;
      copy.firstReceivedAt ??= now;
      const { messageId, body, receiveCount, sentAt, firstReceivedAt } = copy;
      return { messageId, handle, body, md5: md5(body), receiveCount, sentAt, firstReceivedAt };
    });
  }

  /** Waits until a message is sent or becomes visible again. */
  async #change(ended: AbortSignal): Promise<void> {
    const next = Math.min(...this.#copies.map(({ visibleAt }) => visibleAt - this.#now()));
    const settled = new AbortController();
    const signal = AbortSignal.any([ended, settled.signal]);
    const pause = Number.isFinite(next) ? Math.max(1, next) : 2 ** 30;
    await Promise.race([delay(pause, undefined, { signal }).catch(() => undefined), this.#sent.promise]);
    settled.abort();
  }

  #wake(): void {
    this.#sent.resolve();
    this.#sent = Promise.withResolvers<void>();
  }
}

/** The digest that SQS reports and the SDK verifies. */
export function md5(body: string): string {
  return createHash('md5').update(body).digest('hex');
}
