/** Pods that are created while a replica is replaced, killed or stopped. The tier long has more disturbances. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { briefFreeze, kill, rollingUpdate } from '../../availability/disturbances.ts';
import { measure } from '../../availability/measure.ts';
import { ApiClient } from '../../client.ts';
import type { Stage } from '../stage.ts';

const LOAD = { creations: 80, rate: 8, replicas: 40 };

export function availability(stage: () => Stage): void {
  describe('availability', () => {
    let client: ApiClient;
    let namespace = '';
    beforeAll(async () => {
      client = new ApiClient(stage().cluster.facts);
      namespace = await stage().namespace();
    });
    afterAll(() => client?.[Symbol.dispose]());

    it.each([
      // A replica that drains answers every call. One may cross the close of its connection. Without draining, and with so many
      // creations, some calls fail and are repeated.
      ['a rolling update', rollingUpdate, { ...LOAD, creations: 800, rate: 40 }, 0, 1],
      // The API server chooses the replica of each attempt at random, and knows that one is gone after about a second.
      ['kill -9 of a replica', kill, LOAD, 2, Number.POSITIVE_INFINITY],
      ['a replica that does not answer', briefFreeze, LOAD, 2, Number.POSITIVE_INFINITY],
    ] as const)(
      '%s: no pod is created without secrets, and none of a ReplicaSet is missing',
      async (_name, disturb, load, most, mostRetried) => {
        const measured = await measure(stage(), client, namespace, disturb, load);
        const { counts, replicaSet, messages } = measured;
        expect(measured.retried).toBeLessThanOrEqual(mostRetried);
        expect(replicaSet).toMatchObject({ injected: LOAD.replicas, withoutInjection: 0 });
        expect(counts, [...messages.keys()].join('\n')).toMatchObject({
          'without injection': 0,
          'rejected by the webhook': 0,
          'other failure': 0,
        });
        expect(counts['webhook not called'], [...messages.keys()].join('\n')).toBeLessThanOrEqual(most);
      },
    );
  });
}
