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
      ['a rolling update', rollingUpdate, 0],
      // The API server chooses the replica of each attempt at random, and knows that one is gone after about a second.
      ['kill -9 of a replica', kill, 2],
      ['a replica that does not answer', briefFreeze, 2],
    ] as const)(
      '%s: no pod is created without secrets, and none of a ReplicaSet is missing',
      async (_name, disturb, most) => {
        const { counts, replicaSet, messages } = await measure(stage(), client, namespace, disturb, LOAD);
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
