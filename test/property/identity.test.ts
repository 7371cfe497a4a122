/** Identities of the fetcher: from EKS, in every order of the two webhooks, and from `role-arn`, which nobody else sees. */
import fc from 'fast-check';
import jsonpatch from 'fast-json-patch';
import { expect, it } from 'vitest';
import { decideInjection } from '../../src/core/inject.ts';
import { PREFIX } from '../../src/core/names/prefix.ts';
import type { InjectionSettings } from '../../src/core/settings.ts';
import { callEks, type EksContainer, type EksPod, type EksSettings } from './eks-webhook.ts';
import { podWith, validAnnotations } from './pods.ts';

const SETTINGS: InjectionSettings = {
  image: 'registry.example/aws-secrets-injector:1',
  sidecars: { can: true },
};
const FETCHER = 'aws-secrets-fetch';
const runs = { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 200) };

const eksSettings = fc.record<EksSettings>({
  kind: fc.constantFrom('association', 'annotation'),
  region: fc.constantFrom('eu-west-1', 'us-gov-west-1'),
  regionalSts: fc.boolean(),
});
/** Not every container: then a Pod Identity webhook that never runs again has nothing to leave behind. */
const skipped = fc.constantFrom<Record<string, string>>(
  {},
  { 'eks.amazonaws.com/skip-containers': FETCHER },
  { 'eks.amazonaws.com/skip-containers': `init0,${FETCHER}` },
);

it('every order of the webhook of EKS and the injector, with or without further calls, results in the same pod', () => {
  let compared = 0;
  fc.assert(
    fc.property(podWith(validAnnotations), eksSettings, skipped, (asking, eks, skip) => {
      const pod = structuredClone(asking);
      const { [`${PREFIX}role-arn`]: _, ...annotations } = pod.metadata.annotations as Record<string, string>;
      pod.metadata.annotations = { ...annotations, ...skip };
      if (decideInjection(pod, { namespace: 'shop' }, SETTINGS).kind !== 'injected') return;
      compared += 1;
      const first = comparable(callEks(inject(callEks(pod, eks)), eks));
      expect(fetcherOf(first).env).toContainEqual(
        expect.objectContaining({
          name:
            eks.kind === 'association'
              ? 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'
              : 'AWS_WEB_IDENTITY_TOKEN_FILE',
        }),
      );
      // Before the injector, and never called again.
      expect(comparable(inject(callEks(pod, eks)))).toEqual(first);
      // After the injector, which is called again.
      const later = inject(callEks(inject(pod), eks));
      expect(comparable(later)).toEqual(first);
      expect(comparable(inject(callEks(later, eks)))).toEqual(first);
    }),
    runs,
  );
  expect(compared).toBeGreaterThan(runs.numRuns / 5);
});

const roles = fc
  .record(
    {
      'role-arn': fc.constantFrom('arn:aws:iam::111122223333:role/a', 'arn:aws:iam::111122223333:role/a/b'),
      'assume-role-arn': fc.constant('arn:aws:iam::444455556666:role/c'),
      'external-id': fc.constant('shop'),
    },
    { requiredKeys: ['role-arn', 'assume-role-arn'] },
  )
  .map((options) =>
    Object.fromEntries(Object.entries(options).map(([name, text]) => [`${PREFIX}${name}`, text])),
  );

it('role-arn adds no identity to any container but the fetcher, and none of EKS to the fetcher', () => {
  let injected = 0;
  fc.assert(
    fc.property(
      podWith(validAnnotations),
      roles,
      fc.boolean(),
      eksSettings,
      (asking, options, isLate, eks) => {
        const pod = structuredClone(asking);
        Object.assign(pod.metadata.annotations as object, options);
        const before = isLate ? pod : callEks(pod, eks);
        if (decideInjection(before, { namespace: 'shop' }, SETTINGS).kind !== 'injected') return;
        injected += 1;
        const after = inject(before);
        for (const container of containersOf(after)) {
          if (container.name === FETCHER) continue;
          const own = containersOf(before).find(({ name }) => name === container.name);
          expect(identityOf(container)).toEqual(identityOf(own));
          expect(JSON.stringify(container)).not.toContain('aws-secrets-token');
        }
        expect(identityOf(fetcherOf(after))).toMatchObject([
          { name: 'AWS_ROLE_SESSION_NAME' },
          { name: 'AWS_EC2_METADATA_DISABLED' },
          { name: 'AWS_ROLE_ARN', value: options[`${PREFIX}role-arn`] },
          {
            name: 'AWS_WEB_IDENTITY_TOKEN_FILE',
            value: '/var/run/secrets/secrets-injector.dev/serviceaccount/token',
          },
          { name: 'AWS_REGION' },
          { name: 'AWS_STS_REGIONAL_ENDPOINTS' },
          { name: 'aws-secrets-token' },
        ]);
        // The webhook of EKS leaves the fetcher alone, or adds an association that the fetcher does not use.
        const again = callEks(after, eks);
        if (eks.kind === 'annotation') expect(fetcherOf(again)).toEqual(fetcherOf(after));
        expect(decideInjection(again, { namespace: 'shop' }, SETTINGS)).toMatchObject({
          kind: 'unchanged',
          reason: 'already-injected',
        });
      },
    ),
    runs,
  );
  expect(injected).toBeGreaterThan(runs.numRuns / 5);
});

/** The pod after a call of the injector. */
function inject<P>(pod: P): P {
  const outcome = decideInjection(pod, { namespace: 'shop' }, SETTINGS);
  if (outcome.kind === 'denied') throw new Error(outcome.problems.map(({ wrong }) => wrong).join('; '));
  const operations = outcome.kind === 'injected' ? structuredClone([...outcome.patch]) : [];
  return jsonpatch.applyPatch(structuredClone(pod), operations, true).newDocument as P;
}

/** Without the order of variables and mounts in the containers of the user, which has no effect there. */
function comparable(pod: unknown): EksPod {
  const result = structuredClone(pod) as EksPod;
  for (const container of containersOf(result)) {
    if (container.name === FETCHER) continue;
    const byName = (one: { name: string }, other: { name: string }) => one.name.localeCompare(other.name);
    container.env = (container.env ?? []).toSorted(byName);
    container.volumeMounts = (container.volumeMounts ?? []).toSorted(byName);
  }
  return result;
}

function containersOf(pod: unknown): readonly EksContainer[] {
  const { spec } = pod as EksPod;
  return [...spec.containers, ...(spec.initContainers ?? [])];
}

function fetcherOf(pod: unknown): EksContainer {
  const fetcher = containersOf(pod).find(({ name }) => name === FETCHER);
  if (fetcher === undefined) throw new Error('the pod has no fetcher');
  return fetcher;
}

/** The variables of AWS and the mounts of tokens. */
function identityOf(container: EksContainer | undefined): readonly unknown[] {
  return [
    ...(container?.env ?? []).filter(({ name }) => name.startsWith('AWS_')),
    ...(container?.volumeMounts ?? []).filter(({ name }) => name.endsWith('-token')),
  ];
}
