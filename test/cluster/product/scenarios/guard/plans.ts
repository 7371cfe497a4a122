/** Plans that somebody else wrote. The policies warn instead of rejecting the pod, so that each of them is seen. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import { type Alteration, altered, fetcher, type InjectedPod, type PodSpec, replan, set } from './alter.ts';

const RUNS = ['sh', '-c', 'true'];
const OTHER = arnOf('other');
const WRITTEN = 'has a plan that the injector did not write';
const EVIL = `[{"volume":"aws-secrets","receivers":{"native":[],"shell":[],"file":["app"]},"fileMode":"0444","format":"shell","env":[],"envFrom":[],"files":[{"path":"value","secret":1}],"filesFrom":[],"declared":[]}]`;

const FORGED: readonly Alteration[] = [
  ['an escaped second list of views', (spec) => append(spec, `,"view\\u0073":${EVIL}}`), WRITTEN],
  ['an escaped list of views alone', (spec) => replan(spec, '"views":', '"view\\u0073":'), WRITTEN],
  ['a second list of views', (spec) => append(spec, `,"views":${EVIL}}`), WRITTEN],
  ['a second list of views after a blank', (spec) => append(spec, `,"views" :${EVIL}}`), WRITTEN],
  ['a second list of secrets', (spec) => append(spec, `,"secrets":[{"arn":"${OTHER}"}]}`), WRITTEN],
  ['a blank between tokens', (spec) => replan(spec, '"views":', '"views": '), WRITTEN],
  ['a line feed between tokens', (spec) => replan(spec, '"views":', '"views":\n'), WRITTEN],
  [
    'a second volume in a view',
    (spec) => replan(spec, '"format":', '"volume":"aws-secrets-1","format":'),
    WRITTEN,
  ],
  [
    'second receivers in a view',
    (spec) => replan(spec, '"format":', '"receivers":{"native":[],"shell":[],"file":["other"]},"format":'),
    WRITTEN,
  ],
  [
    'second receivers of a mode',
    (spec) => replan(spec, '"native":[]', '"native":[],"native":["other"]'),
    WRITTEN,
  ],
  ['second variables in a view', (spec) => replan(spec, '"envFrom":', '"env":[],"envFrom":'), WRITTEN],
  ['second files in a view', (spec) => replan(spec, '"filesFrom":', '"files":[],"filesFrom":'), WRITTEN],
  ['a second format in a view', (spec) => replan(spec, '"env":[', '"format":"json","env":['), WRITTEN],
  [
    'a second format at the end',
    (spec) => replan(spec, '"declared":[]', '"declared":[],"format":"json"'),
    WRITTEN,
  ],
  ['a second name of a variable', (spec) => replan(spec, '"DB_USER",', '"DB_USER","name":"PATH",'), WRITTEN],
  [
    'a second path of a file',
    (spec) => replan(spec, '"path":"value",', '"path":"value","path":"other",'),
    WRITTEN,
  ],
  ['a second ARN of a secret', (spec) => replan(spec, '{"arn":"', `{"arn":"x","arn":"`), WRITTEN],
  ['a second secret of a reference', (spec) => replan(spec, '"secret":0', '"secret":0,"secret":1'), WRITTEN],
  ['a reference without a secret', (spec) => replan(spec, '"secret":0,', ''), WRITTEN],
  ['a variable of another container', (spec) => replan(spec, '"key":"user"', '"key":"$(KEY)"'), WRITTEN],
  ['an expansion', (spec) => replan(spec, '"key":"user"', '"key":"$$"'), WRITTEN],
  ['two volumes of one name', (spec) => views(spec, (text) => `${text},${text}`), ''],
  [
    'an ARN that no annotation names',
    (spec) => replan(spec, /"arn":"[^"]*guard-[^"]*"/, `"arn":"${OTHER}"`),
    '',
  ],
  [
    'a further ARN',
    (spec) => replan(spec, '],"views":', `,{"arn":"${OTHER}"}],"views":`),
    'which no annotation of the pod names',
  ],
  ['an escaped ARN', (spec) => replan(spec, '"arn":"arn:', '"arn":"\\u0061rn:'), ''],
  [
    'another secret',
    (spec) => replan(spec, '"name":"DB_USER","secret":0', '"name":"DB_USER","secret":1'),
    'env.DB_USER is missing from the plan',
  ],
  [
    'another spelling of a secret',
    (spec) => replan(spec, '"name":"DB_USER","secret":0', '"name":"DB_USER","secret":0e0'),
    'env.DB_USER is missing from the plan',
  ],
  [
    'another key',
    (spec) => replan(spec, '"key":"user"', '"key":"password"'),
    'env.DB_USER is missing from the plan',
  ],
  ['no key', (spec) => replan(spec, ',"key":"user"', ''), 'env.DB_USER is missing from the plan'],
  [
    'another version',
    (spec) => replan(spec, '"stage":"AWSPREVIOUS"', '"stage":"AWSCURRENT"'),
    'is missing from the plan',
  ],
  ['no version', (spec) => replan(spec, ',"stage":"AWSPREVIOUS"', ''), 'is missing from the plan'],
  [
    'an optional value',
    (spec) => replan(spec, '"key":"user"', '"key":"user","optional":true'),
    'env.DB_USER is missing from the plan',
  ],
  [
    'a further variable',
    (spec) => replan(spec, '"env":[', '"env":[{"name":"EXTRA","secret":0},'),
    'contains secrets-injector.dev/env.EXTRA, which no annotation requests',
  ],
  [
    'a further file',
    (spec) => replan(spec, '"files":[', '"files":[{"path":"extra","secret":0},'),
    'contains secrets-injector.dev/file.extra, which no annotation requests',
  ],
  [
    'a further reference to all keys',
    (spec) => replan(spec, '"envFrom":[', '"envFrom":[{"id":"extra","secret":0},'),
    'contains secrets-injector.dev/env-from.extra, which no annotation requests',
  ],
  [
    'a further directory',
    (spec) => replan(spec, '"filesFrom":[', '"filesFrom":[{"directory":"extra","secret":0},'),
    'contains secrets-injector.dev/file-from.extra, which no annotation requests',
  ],
  [
    'an entry of a form',
    (spec) => replan(spec, '"files":[', '"files":[{"path":"extra","entry":0,"secret":0},'),
    'contains entries that the annotation lacks',
  ],
  [
    'an entry of a form without a name',
    (spec) => replan(spec, '"envFrom":[', '"envFrom":[{"entry":0,"secret":0},'),
    'contains entries that the annotation lacks',
  ],
  [
    'another receiver',
    (spec) => replan(spec, '["app"]', '["app","other"]'),
    'differ in whether the container "other" receives secrets',
  ],
  [
    'a receiver that does not exist',
    (spec) => replan(spec, '["app"]', '["app","nobody"]'),
    'differ in whether the container "nobody" receives secrets',
  ],
  ['an escaped receiver', (spec) => replan(spec, '["app"]', '["a\\u0070p"]'), 'receives secrets'],
  [
    'without a receiver',
    (spec) => replan(spec, '["app"]', '[]'),
    'differ in whether the container "app" receives secrets',
  ],
  [
    'another env-mode',
    (spec) => replan(spec, '"shell":[],"file":["app"]', '"shell":["app"],"file":[]'),
    'delivers variables in another way',
  ],
  [
    'another format',
    (spec) => replan(spec, '"format":"shell"', '"format":"json"'),
    'delivers variables in another way',
  ],
  ['no plan', (spec) => set(fetcher(spec), 'env', fetcher(spec).env.slice(1)), ''],
];

export function guardedPlans(api: () => Api): void {
  describe('plans', () => {
    let injected: InjectedPod;
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace();
      injected = inject({
        'secrets-injector.dev/secret.db': `${arnOf('guard')}\n`,
        'secrets-injector.dev/env.DB_USER': 'db:user',
        'secrets-injector.dev/env.OLD': 'db:password:AWSPREVIOUS',
        'secrets-injector.dev/file.value': `${arnOf('second')}::AWSPREVIOUS `,
        'secrets-injector.dev/containers': 'app',
        'secrets-injector.dev/env-mode': 'file',
      });
    });

    function inject(annotations: Readonly<Record<string, string>>): InjectedPod {
      const asking = pod(namespace, {
        annotations,
        containers: ['app', 'other'].map((name) => ({ name, command: RUNS })),
      });
      const made = injectedPod(asking, namespace, {});
      if (made === undefined) throw new Error('nothing was injected');
      return made as unknown as InjectedPod;
    }

    async function show(made: InjectedPod, change: (spec: PodSpec) => void = () => {}) {
      return await api().create(altered(made, change), '--dry-run=server');
    }

    it('the plan of the injector passes', async () => {
      const { status, stderr } = await show(injected);
      expect([status, stderr]).toEqual([0, '']);
    });

    it.each(FORGED)('a plan with %s is not', async (_what, change, words) => {
      const { stderr } = await show(injected, change);
      expect(stderr).toContain("'aws-secrets-injector-plan'");
      expect(stderr).toContain(words);
    });

    it.each<[what: string, annotations: Readonly<Record<string, string>>]>([
      [
        'keys with quotes, backslashes, braces and dollars',
        {
          'secrets-injector.dev/env.A': `${arnOf('guard')}:a"b`,
          'secrets-injector.dev/env.B': `${arnOf('guard')}:a\\b`,
          'secrets-injector.dev/env.C': `${arnOf('guard')}:a}b{"name":"X","secret":5}`.replaceAll(':"', '"'),
          'secrets-injector.dev/env.D': `${arnOf('guard')}:$(HOME)$$`,
          'secrets-injector.dev/env.E': `${arnOf('guard')}:,"entry" "views" `,
        },
      ],
      [
        'every family',
        {
          'secrets-injector.dev/secret.a-b': arnOf('guard'),
          'secrets-injector.dev/env-from.all': 'a-b',
          'secrets-injector.dev/file-from.all': 'a-b::AWSPREVIOUS',
          'secrets-injector.dev/file.a.b_c': 'a-b:::11111111-2222-3333-4444-555555555555',
          'secrets-injector.dev/env.A': `${arnOf('guard')}:a::11111111-2222-3333-4444-555555555555`,
        },
      ],
      [
        'a YAML form that names containers',
        {
          'secrets-injector.dev/containers': ' app , other ',
          'secrets-injector.dev/secret.db': arnOf('guard'),
          'secrets-injector.dev/env.A': 'db:a',
          'secrets-injector.dev/secrets': `- secret: db\n  env: { X: { jmesPath: "a.\\"views\\"", default: "}],\\"envFrom\\":[" } }\n  containers: [other]\n- secret: "${arnOf('third')}"\n  envFrom: {}\n  files: { "a/b": { template: "{{ x | json }}" } }\n`,
        },
      ],
    ])('the plan of the injector for %s passes', async (_what, annotations) => {
      const made = inject({ 'secrets-injector.dev/env-mode': 'file\n', ...annotations });
      const { status, stderr } = await show(made);
      expect([status, stderr]).toEqual([0, '']);
    });

    it('an annotation with an unknown key beside a complete injection is rejected', async () => {
      for (const key of ['secrets-injector.dev/envs.A', 'Secrets-injector.dev/env.A']) {
        const { metadata, spec } = injected;
        const annotations = { ...(metadata['annotations'] as object), [key]: arnOf('guard') };
        const { stderr } = await show({ metadata: { ...metadata, annotations }, spec });
        expect(stderr).toContain(`annotation ${key} does not exist`);
      }
    });

    // The API server limits the cost of a policy. These are the limits of the webhook.
    it('500 references to 500 secrets, in 200 containers, pass', async () => {
      const references = Array.from({ length: 500 }, (_, index) => [
        `secrets-injector.dev/env.SOME_NAME_${index}`,
        `${arnOf(`guard/some/team/${index}`)}:key-${index}`,
      ]);
      const asking = pod(namespace, {
        annotations: { 'secrets-injector.dev/env-mode': 'file', ...Object.fromEntries(references) },
        containers: Array.from({ length: 200 }, (_, index) => ({ name: `app-${index}`, command: RUNS })),
      });
      const large = injectedPod(asking, namespace, {}) as unknown as InjectedPod;
      expect((await show(large)).stderr).toBe('');
      const forged = await show(large, (spec) => replan(spec, '"secret":499', '"secret":498'));
      expect(forged.stderr).toContain('env.SOME_NAME_99 is missing from the plan');
    });

    it('a YAML form with 500 references in 16 views, and a plan of almost 96 KiB, pass', async () => {
      const form = Array.from({ length: 16 }, (_, view) => ({
        secret: arnOf(`guard/${view}`),
        env: Object.fromEntries(
          Array.from({ length: 31 }, (_unused, index) => [
            `NAME_${view}_${index}`,
            { jmesPath: `"${'long'.repeat(22)}"[${index}]`, default: '{"]}' },
          ]),
        ),
        containers: [`app-${view}`],
      }));
      const asking = pod(namespace, {
        annotations: {
          'secrets-injector.dev/env-mode': 'file',
          'secrets-injector.dev/secrets': JSON.stringify(form),
        },
        containers: Array.from({ length: 200 }, (_, index) => ({ name: `app-${index}`, command: RUNS })),
      });
      const large = injectedPod(asking, namespace, {}) as unknown as InjectedPod;
      expect(String(fetcher(large.spec).env[0]?.['value']).length).toBeGreaterThan(85_000);
      expect((await show(large)).stderr).toBe('');
    });
  });
}

function append(spec: PodSpec, text: string): void {
  replan(spec, /\}$/, text);
}

/** Changes the text of the only view. */
function views(spec: PodSpec, change: (text: string) => string): void {
  replan(spec, /"views":\[(.*)\]\}$/, (_whole, text: string) => `"views":[${change(text)}]}`);
}
