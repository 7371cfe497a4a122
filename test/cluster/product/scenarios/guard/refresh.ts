/** The options of refresh must be the same in the annotations, in the plan and in the shape of the container. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import {
  type Alteration,
  altered,
  fetcher,
  type InjectedPod,
  type Json,
  type PodSpec,
  replan,
  set,
} from './alter.ts';

const DIFFER = 'refresh-required and on-change differ';
const WRITTEN = 'has a plan that the injector did not write';
const SHAPE = 'must have restartPolicy and a startup probe exactly if';
const NOT_ALWAYS = 'may not be set for init containers without restartPolicy=Always';
const other = (field: string) => `has another ${field} than the injector sets`;

const REFRESH = {
  'secrets-injector.dev/refresh': ' 5m\n',
  'secrets-injector.dev/refresh-required': 'true',
  'secrets-injector.dev/on-change':
    'signal:HUP@app, http://localhost:8080/-/reload?now=1,http://[::1]:9000/,touch:reloaded',
};

/** Shapes that do not do what the plan says. */
const SHAPES: readonly Alteration[] = [
  ['without the startup probe', without('startupProbe'), SHAPE],
  ['without the readiness probe', without('readinessProbe'), SHAPE],
  ['as an init container', without('restartPolicy', 'startupProbe', 'readinessProbe'), SHAPE],
  [
    'with another command of the startup probe',
    probe('startupProbe', { exec: { command: ['/app/aws-secrets-injector', 'refresh-status', 'fresh'] } }),
    other('startupProbe'),
  ],
  [
    'with a startup probe that ends early',
    probe('startupProbe', { failureThreshold: 1 }),
    other('startupProbe'),
  ],
  ['with a late startup probe', probe('startupProbe', { initialDelaySeconds: 9 }), other('startupProbe')],
  [
    'with a startup probe over http',
    probe('startupProbe', { exec: undefined, httpGet: { port: 80 } }),
    other('startupProbe'),
  ],
  [
    'with another readiness probe',
    probe('readinessProbe', { exec: { command: ['true'] } }),
    other('readinessProbe'),
  ],
  [
    'with a readiness probe that ends the pod early',
    probe('readinessProbe', { successThreshold: 2 }),
    other('readinessProbe'),
  ],
  [
    'with a liveness probe',
    (spec) => set(fetcher(spec), 'livenessProbe', { exec: { command: ['true'] } }),
    'the injector does not set the field',
  ],
];

/** Shapes that the API server rejects before it asks the policies. */
const INVALID: readonly Alteration[] = [
  ['without restartPolicy, as old libraries drop it', without('restartPolicy'), NOT_ALWAYS],
  ['with another restartPolicy', (spec) => set(fetcher(spec), 'restartPolicy', 'OnFailure'), NOT_ALWAYS],
];

const PLANS: readonly Alteration[] = [
  ['another interval', (spec) => replan(spec, '"seconds":300', '"seconds":301'), DIFFER],
  ['an interval in another form', (spec) => replan(spec, '"seconds":300', '"seconds":3e2'), WRITTEN],
  ['an unknown check', (spec) => replan(spec, '"check":"describe"', '"check":"never"'), WRITTEN],
  ['no action', (spec) => replan(spec, /,"onChange":\[.*\](?=\}\}$)/, ''), DIFFER],
  ['a signal less', (spec) => replan(spec, '{"signal":"HUP","container":"app"},', ''), DIFFER],
  ['another signal', (spec) => replan(spec, '"signal":"HUP"', '"signal":"TERM"'), DIFFER],
  [
    'a signal to another container',
    (spec) => replan(spec, '"container":"app"', '"container":"other"'),
    DIFFER,
  ],
  ['another URL', (spec) => replan(spec, '/-/reload', '/quit'), DIFFER],
  ['another host', (spec) => replan(spec, 'http://localhost:8080', 'http://example.com'), DIFFER],
  ['another file', (spec) => replan(spec, '"touch":"reloaded"', '"touch":"value"'), DIFFER],
  ['a file twice in one action', (spec) => replan(spec, '"view":0', '"view":0,"touch":"other"'), DIFFER],
  [
    'an action more',
    (spec) => replan(spec, '"onChange":[', '"onChange":[{"url":"http://localhost/"},'),
    DIFFER,
  ],
  [
    'a second list of actions',
    (spec) => replan(spec, /\}\}$/, ',"onChange":[{"url":"http://localhost/"}]}}'),
    WRITTEN,
  ],
  ['a second refresh', (spec) => replan(spec, /\}$/, ',"refresh":{"seconds":30,"check":"value"}}'), WRITTEN],
  [
    'the refresh before the views',
    (spec) =>
      replan(
        spec,
        /(,"views":.*)(,"refresh":\{.*\})\}$/,
        (_all, views = '', refresh = '') => `${refresh}${views}}`,
      ),
    WRITTEN,
  ],
];

export function guardedRefresh(api: () => Api): void {
  describe('the refresh', () => {
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace();
    });

    function inject(options: Readonly<Record<string, string>>): InjectedPod {
      const asking = pod(namespace, {
        annotations: {
          'secrets-injector.dev/file.value': arnOf('refresh'),
          'secrets-injector.dev/containers': 'app',
          ...options,
        },
        containers: ['app', 'other'].map((name) => ({ name, command: ['sh', '-c', 'true'] })),
        spec: { shareProcessNamespace: true, securityContext: { runAsUser: 1000 } },
      });
      const made = injectedPod(asking, namespace, { sidecars: { can: true } });
      if (made === undefined) throw new Error('nothing was injected');
      return made as unknown as InjectedPod;
    }

    async function errors(made: InjectedPod, change: (spec: PodSpec) => void = () => {}): Promise<string> {
      return (await api().create(altered(made, change), '--dry-run=server')).stderr;
    }

    it.each<[what: string, options: Readonly<Record<string, string>>]>([
      ['every option', REFRESH],
      ['the interval alone', { 'secrets-injector.dev/refresh': '24h' }],
      [
        'a signal to the only receiver',
        { 'secrets-injector.dev/refresh': '90s', 'secrets-injector.dev/on-change': ' signal:SIGUSR1 ' },
      ],
      ['false', { 'secrets-injector.dev/refresh': '30s', 'secrets-injector.dev/refresh-required': 'false' }],
      [
        'files in two views',
        {
          'secrets-injector.dev/refresh': '1h',
          'secrets-injector.dev/on-change': 'touch:a, touch:b',
          'secrets-injector.dev/manifest-file': 'true',
          'secrets-injector.dev/secrets': `[{secret: "${arnOf('form')}", files: {f: {}}, containers: [other]}]`,
        },
      ],
    ])("the injector's pod with %s passes", async (_what, options) => {
      expect(await errors(inject(options))).toBe('');
    });

    it('the other check passes: it depends on the operator', async () => {
      const change = (spec: PodSpec) => replan(spec, '"check":"describe"', '"check":"value"');
      expect(await errors(inject(REFRESH), change)).toBe('');
    });

    it.each([...SHAPES, ...INVALID])('a fetcher %s is rejected', async (_what, change, words) => {
      expect(await errors(inject(REFRESH), change)).toContain(words);
    });

    it.each(PLANS)('a plan with %s is rejected', async (_what, change, words) => {
      expect(await errors(inject(REFRESH), change)).toContain(words);
    });

    it('a sidecar without the annotation is rejected, in each part', async () => {
      const { restartPolicy, startupProbe } = fetcher(inject(REFRESH).spec) as unknown as Json;
      const plain = inject({});
      expect(
        await errors(plain, (spec) => Object.assign(fetcher(spec), { restartPolicy, startupProbe })),
      ).toContain(SHAPE);
      const added = (spec: PodSpec) =>
        replan(spec, /\]\}$/, '],"refresh":{"seconds":300,"check":"describe"}}');
      expect(await errors(plain, added)).toContain(DIFFER);
    });

    it.each([
      ['refresh', undefined],
      ['refresh', '10m'],
      ['refresh', 'often'],
      ['refresh-required', undefined],
      ['on-change', undefined],
      ['on-change', 'http://localhost/'],
    ])('the annotation %s is %s after the injection: rejected', async (option, value) => {
      const { metadata, spec } = inject(REFRESH);
      const annotations = {
        ...(metadata['annotations'] as object),
        [`secrets-injector.dev/${option}`]: value,
      };
      expect(await errors({ metadata: { ...metadata, annotations }, spec })).toContain(DIFFER);
    });
  });
}

function without(...fields: readonly string[]): (spec: PodSpec) => void {
  return (spec) => {
    for (const field of fields) Reflect.deleteProperty(fetcher(spec), field);
  };
}

function probe(field: string, change: Json): (spec: PodSpec) => void {
  return (spec) => {
    const container = fetcher(spec) as unknown as Json;
    container[field] = { ...(container[field] as Json), ...change };
  };
}
