/** The option manifest-file must be the same in the annotations and in each view of the plan. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import { type Alteration, altered, type InjectedPod, type PodSpec, replan } from './alter.ts';

const WRITTEN = 'has a plan that the injector did not write';
const DIFFER = 'and the annotation secrets-injector.dev/manifest-file differ';
const MANIFEST = ',"manifest":true';

const WITH: readonly Alteration[] = [
  ['no manifest file in one view', (spec) => replan(spec, MANIFEST, ''), DIFFER],
  [
    'a manifest file before another member',
    (spec) => replan(spec, /(,"declared":\[\])(.*?),"manifest":true/, `$2${MANIFEST}$1`),
    WRITTEN,
  ],
  ['two manifest files in one view', (spec) => replan(spec, MANIFEST, MANIFEST + MANIFEST), WRITTEN],
  ['false', (spec) => replan(spec, MANIFEST, ',"manifest":false'), WRITTEN],
];
const WITHOUT: readonly Alteration[] = [
  ['a manifest file', (spec) => replan(spec, '"declared":[]', `"declared":[]${MANIFEST}`), DIFFER],
];

export function guardedManifestFile(api: () => Api): void {
  describe('the manifest file', () => {
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace();
    });

    function inject(option: Readonly<Record<string, string>>): InjectedPod {
      const asking = pod(namespace, {
        annotations: {
          'secrets-injector.dev/file.raw': arnOf('short'),
          'secrets-injector.dev/containers': 'app',
          'secrets-injector.dev/secrets': `[{secret: "${arnOf('form')}", files: {a: {}}, containers: [other]}]`,
          ...option,
        },
        containers: ['app', 'other'].map((name) => ({ name, command: ['sh', '-c', 'true'] })),
      });
      const made = injectedPod(asking, namespace, {});
      if (made === undefined) throw new Error('nothing was injected');
      return made as unknown as InjectedPod;
    }

    async function errors(made: InjectedPod, change: (spec: PodSpec) => void = () => {}): Promise<string> {
      return (await api().create(altered(made, change), '--dry-run=server')).stderr;
    }

    it.each([['true'], [' true\n'], ['false']])('the plan of the injector for %j passes', async (value) => {
      expect(await errors(inject({ 'secrets-injector.dev/manifest-file': value }))).toBe('');
    });

    it.each(WITH)('a plan with %s is rejected', async (_what, change, words) => {
      expect(await errors(inject({ 'secrets-injector.dev/manifest-file': 'true' }), change)).toContain(words);
    });

    it.each(WITHOUT)('without the option, a plan with %s is rejected', async (_what, change, words) => {
      expect(await errors(inject({}), change)).toContain(words);
    });
  });
}
