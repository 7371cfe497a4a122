import { describe, expect, it } from 'vitest';
import type { ApiAnswer, ApiQuestion, ClusterApi } from '../../../src/kubernetes/api-client.ts';
import { Lease } from '../../../src/kubernetes/lease.ts';

const { signal } = new AbortController();

/** One Lease of an API server, and a clock. */
class Server implements ClusterApi {
  now = 0;
  exists = true;
  isDown = false;
  spec: Record<string, unknown> = {};
  version = 1;
  /** Runs before the next write, as another replica would. */
  before: (() => void) | undefined;

  async ask({ patch }: ApiQuestion): Promise<ApiAnswer> {
    if (this.isDown) return { kind: 'failed', what: 'no connection in time' };
    if (patch === undefined)
      return this.exists ? { kind: 'answer', json: this.#object() } : { kind: 'refused', status: 404 };
    if (patch.contentType.includes('apply-patch')) {
      this.exists = true;
      return { kind: 'answer', json: this.#object() };
    }
    this.before?.();
    this.before = undefined;
    const { metadata, spec } = JSON.parse(patch.body);
    if (metadata.resourceVersion !== String(this.version)) return { kind: 'refused', status: 409 };
    this.spec = { ...this.spec, ...spec };
    this.version += 1;
    return { kind: 'answer', json: this.#object() };
  }

  #object(): unknown {
    return { metadata: { resourceVersion: String(this.version) }, spec: { ...this.spec } };
  }

  lease(identity: string): Lease {
    return new Lease({
      api: this,
      namespace: 'n',
      name: 'l',
      identity,
      fieldManager: 'm',
      seconds: 10,
      now: () => this.now,
    });
  }
}

describe('a Lease', () => {
  it('is created, taken, renewed, and held for less than its time', async () => {
    const server = new Server();
    server.exists = false;
    const lease = server.lease('a');
    expect(await lease.renew(signal)).toBe('other');
    expect(await lease.renew(signal)).toBe('taken');
    expect(server.spec).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 10, leaseTransitions: 1 });
    server.now = 5000;
    expect(await lease.renew(signal)).toBe('held');
    server.now = 12_999;
    expect(lease.isHeld).toBe(true);
    server.now = 13_000;
    expect(lease.isHeld).toBe(false);
  });

  it('of another replica is taken only when it has not changed for its time', async () => {
    const server = new Server();
    const [first, second] = [server.lease('a'), server.lease('b')];
    await first.renew(signal);
    expect(await second.renew(signal)).toBe('other');
    server.now = 9_000;
    await first.renew(signal);
    server.now = 10_001;
    expect(await second.renew(signal)).toBe('other');
    server.now = 20_001;
    expect(await second.renew(signal)).toBe('other');
    server.now = 20_002;
    expect(await second.renew(signal)).toBe('taken');
    expect([first.isHeld, second.isHeld]).toEqual([false, true]);
    expect(await first.renew(signal)).toBe('other');
  });

  it('is never held by two replicas at a time', async () => {
    const server = new Server();
    const [first, second] = [server.lease('a'), server.lease('b')];
    await first.renew(signal);
    await second.renew(signal);
    for (let time = 0; time < 40_000; time += 500) {
      server.now = time;
      if (time < 7_000) await first.renew(signal);
      await second.renew(signal);
      expect(first.isHeld && second.isHeld).toBe(false);
    }
    expect(second.isHeld).toBe(true);
  });

  it('is not taken if another replica was faster', async () => {
    const server = new Server();
    const lease = server.lease('a');
    server.before = () => {
      server.version += 1;
    };
    expect(await lease.renew(signal)).toBe('other');
    expect(lease.isHeld).toBe(false);
  });

  it('is given up at the end', async () => {
    const server = new Server();
    const [first, second] = [server.lease('a'), server.lease('b')];
    await first.renew(signal);
    await first.release(signal);
    expect(first.isHeld).toBe(false);
    expect(await second.renew(signal)).toBe('taken');
    await first.release(signal);
    expect(server.spec['holderIdentity']).toBe('b');
  });

  it('ends by itself while the API server does not answer', async () => {
    const server = new Server();
    const lease = server.lease('a');
    await lease.renew(signal);
    server.isDown = true;
    server.now = 7_999;
    expect(await lease.renew(signal)).toEqual({ failed: 'no connection in time' });
    expect(lease.isHeld).toBe(true);
    server.now = 8_000;
    expect(lease.isHeld).toBe(false);
  });
});
