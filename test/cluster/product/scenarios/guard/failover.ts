/** Plans with Regions to fail over to: each of them must be in the YAML form. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import { type Alteration, altered, fetcher, type InjectedPod, type PodSpec, replan } from './alter.ts';

const WRITTEN = 'has a plan that the injector did not write';
const UNNAMED = 'contains the failover Region "us-west-2", which no annotation of the pod names';
const REGIONS = '"failover":["us-east-1","ap-southeast-2"]';

const FORGED: readonly Alteration[] = [
  ['a Region that the form does not name', (spec) => replan(spec, '"us-east-1"', '"us-west-2"'), UNNAMED],
  ['a further Region', (spec) => replan(spec, '["us-east-1"', '["us-east-1","us-west-2"'), UNNAMED],
  [
    'a Region that only an ARN names',
    (spec) => replan(spec, '["us-east-1"', '["us-east-1","eu-west-1"'),
    'contains the failover Region "eu-west-1"',
  ],
  [
    'Regions for another secret',
    (spec) => replan(spec, '"},{"arn"', '","failover":["us-west-2"]},{"arn"'),
    UNNAMED,
  ],
  [
    'Regions for the secret of a short annotation',
    (spec) => replan(spec, '"},{"arn"', '","failover":["us-east-1"]},{"arn"'),
    'file.raw is missing from the plan',
  ],
  ['a host', (spec) => replan(spec, '"us-east-1"', '"evil.example/us-east-1"'), WRITTEN],
  ['an escaped Region', (spec) => replan(spec, '"us-east-1"', '"us\\u002deast-1"'), WRITTEN],
  ['an empty list', (spec) => replan(spec, REGIONS, '"failover":[]'), WRITTEN],
  ['text in place of a list', (spec) => replan(spec, REGIONS, '"failover":"us-east-1"'), WRITTEN],
  ['a list in the list', (spec) => replan(spec, '["us-east-1"', '[["us-east-1"]'), WRITTEN],
  ['a second list', (spec) => replan(spec, REGIONS, `${REGIONS},"failover":["us-west-2"]`), WRITTEN],
  ['a list before the version', (spec) => replan(spec, REGIONS, `${REGIONS},"stage":"AWSPREVIOUS"`), WRITTEN],
  ['an escaped name of the list', (spec) => replan(spec, '"failover"', '"f\\u0061ilover"'), WRITTEN],
  [
    'a list in a view',
    (spec) => replan(spec, '"declared":[]', '"declared":[],"failover":["us-east-1"]'),
    WRITTEN,
  ],
];

const FORM = `- secret: ${arnOf('form')}
  failover: [us-east-1, "ap-southeast-2"]
  files: { replicated: {} }
`;

export function guardedFailover(api: () => Api): void {
  describe('Regions to fail over to', () => {
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace();
    });

    function inject(form: string): InjectedPod {
      const asking = pod(namespace, {
        annotations: {
          'secrets-injector.dev/file.raw': arnOf('short'),
          'secrets-injector.dev/secrets': form,
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

    it.each([
      ['in a flow list', FORM],
      [
        'in a block list',
        FORM.replace('[us-east-1, "ap-southeast-2"]', '\n  - us-east-1\n  - ap-southeast-2'),
      ],
      [
        'in JSON',
        `[{"secret":"${arnOf('form')}","failover":["us-east-1","ap-southeast-2"],"files":{"a":{}}}]`,
      ],
    ])('the plan of the injector for Regions %s passes', async (_where, form) => {
      const made = inject(form);
      expect(String(fetcher(made.spec).env[0]?.['value'])).toContain(REGIONS);
      expect(await errors(made)).toBe('');
    });

    it.each(FORGED)('a plan with %s is rejected', async (_what, change, words) => {
      const stderr = await errors(inject(FORM), change);
      expect(stderr).toContain("'aws-secrets-injector-plan'");
      expect(stderr).toContain(words);
    });

    // The API server limits the cost of a policy. These are the limits of the webhook.
    it('100 entries with four Regions each pass', async () => {
      const form = Array.from({ length: 100 }, (_, index) => ({
        secret: arnOf(`guard/${index}`),
        failover: ['us-east-1', 'us-east-2', 'ap-southeast-2', 'ca-central-1'],
        files: Object.fromEntries(
          Array.from({ length: 4 }, (_unused, file) => [`file-${index}-${file}`, {}]),
        ),
      }));
      const made = inject(JSON.stringify(form));
      expect(await errors(made)).toBe('');
      expect(await errors(made, (spec) => replan(spec, '"us-east-2"', '"us-west-2"'))).toContain(UNNAMED);
    });
  });
}
