/** Plans with pinned versions: each of them must be recorded in the annotation of the rollout controller. */
import { beforeAll, describe, expect, it } from 'vitest';
import { VERSIONS_KEY } from '../../../../../src/core/names/rollout-keys.ts';
import { formatVersionMap } from '../../../../../src/core/plan/version-map.ts';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import { type Alteration, altered, fetcher, type InjectedPod, type PodSpec, replan } from './alter.ts';

const WRITTEN = 'has a plan that the injector did not write';
const DIFFER = 'and the annotation secrets-injector.dev/pin-version differ';
const ONE = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c11';
const TWO = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c12';
const OTHER = '1c8b7e0a-2f4d-4b8e-9a51-6f0f0f3d7c99';

const FORGED: readonly Alteration[] = [
  ['another version', (spec) => replan(spec, ONE, OTHER), 'does not record'],
  ['the version of another staging label', (spec) => replan(spec, ONE, TWO), 'does not record'],
  ['a secret without its version', (spec) => replan(spec, `,"pinned":"${ONE}"`, ''), DIFFER],
  ['a second version', (spec) => replan(spec, `"${ONE}"`, `"${ONE}","pinned":"${OTHER}"`), WRITTEN],
  ['an escaped name of the member', (spec) => replan(spec, '"pinned"', '"p\\u0069nned"'), WRITTEN],
  ['a number', (spec) => replan(spec, `"pinned":"${ONE}"`, '"pinned":1'), WRITTEN],
];

export function guardedPinVersion(api: () => Api): void {
  describe('pinned versions', () => {
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace();
    });

    function inject(): InjectedPod {
      const recorded = new Map([
        [arnOf('pinned'), ONE],
        [`${arnOf('pinned')}::AWSPREVIOUS`, TWO],
      ]);
      const asking = pod(namespace, {
        annotations: {
          'secrets-injector.dev/pin-version': 'true',
          'secrets-injector.dev/file.now': arnOf('pinned'),
          'secrets-injector.dev/file.before': `${arnOf('pinned')}::AWSPREVIOUS`,
          'secrets-injector.dev/file.fixed': `${arnOf('pinned')}:::${OTHER}`,
          [VERSIONS_KEY]: formatVersionMap(recorded),
        },
        containers: [{ name: 'app', command: ['sh', '-c', 'true'] }],
      });
      const made = injectedPod(asking, namespace, {});
      if (made === undefined) throw new Error('nothing was injected');
      return made as unknown as InjectedPod;
    }

    async function errors(made: InjectedPod, change: (spec: PodSpec) => void = () => {}): Promise<string> {
      return (await api().create(altered(made, change), '--dry-run=server')).stderr;
    }

    it('the plan of the injector passes', async () => {
      const made = inject();
      expect(String(fetcher(made.spec).env[0]?.['value'])).toContain(`"pinned":"${ONE}"`);
      expect(await errors(made)).toBe('');
    });

    it.each(FORGED)('a plan with %s is rejected', async (_what, change, words) => {
      const stderr = await errors(inject(), change);
      expect(stderr).toContain("'aws-secrets-injector-plan'");
      expect(stderr).toContain(words);
    });

    it.each([
      ['without the option', 'secrets-injector.dev/pin-version', DIFFER],
      ['without the record', VERSIONS_KEY, 'does not record'],
    ])('a plan is rejected in a pod %s', async (_what, key, words) => {
      const made = inject();
      const { metadata } = made as unknown as { metadata: { annotations: Record<string, string> } };
      delete metadata.annotations[key];
      expect(await errors(made)).toContain(words);
    });
  });
}
