/** What containerd did, with the times that it stamped. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { NodeFacts } from '../cluster/options.ts';
import { until } from '../cluster/until.ts';

type Topic = '/containers/create' | '/tasks/start' | '/tasks/exit';

interface RuntimeEvent {
  readonly topic: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of the container. */
  readonly id: string;
  /** Only when a container is created. */
  readonly image: string | undefined;
}

// "2026-11-26 18:05:44.123456789 +0000 UTC k8s.io /tasks/start {…}"
const LINE = /^(\S+) (\S+) \+0000 UTC \S+ (\S+) (\{.*\})$/;

/** Listens to the events of a node's containerd until it is disposed of. */
export class RuntimeEvents implements AsyncDisposable {
  readonly #events: RuntimeEvent[] = [];
  readonly #child: ReturnType<typeof spawn>;
  readonly #ended: Promise<unknown>;

  constructor({ ctr, containerdSocket }: NodeFacts) {
    this.#child = spawn(ctr, ['--address', containerdSocket, '--namespace', 'k8s.io', 'events'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#ended = once(this.#child, 'exit');
    if (this.#child.stdout === null) throw new Error('ctr has no output');
    createInterface(this.#child.stdout).on('line', (line) => {
      const [, day, time, topic = '', body = ''] = LINE.exec(line) ?? [];
      if (day === undefined) return;
      const content = JSON.parse(body) as { id?: string; container_id?: string; image?: string };
      const id = content.container_id ?? content.id ?? '';
      this.#events.push({ topic, at: Date.parse(`${day}T${time}Z`), id, image: content.image });
    });
  }

  /** The time of an event of a container, which may still have to arrive. */
  async timeOf(topic: Topic, id: string): Promise<number> {
    return await until(
      `${topic} of ${id}`,
      { seconds: 10 },
      () => this.#events.find((event) => event.topic === topic && event.id === id)?.at,
    );
  }

  /** The id of the first container of an image that was created after a time in milliseconds. */
  async createdAfter(time: number, image: string): Promise<string> {
    return await until(
      `a container of ${image}`,
      { seconds: 10 },
      () =>
        this.#events.find(
          (event) => event.topic === '/containers/create' && event.at >= time && event.image?.endsWith(image),
        )?.id,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}
