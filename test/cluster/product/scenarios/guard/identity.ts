/** The roles that annotations name, the token that only the fetcher reads, and prefixes that are nearly ours. The policies warn. */
import { beforeAll, describe, expect, it } from 'vitest';
import { NEAR_DOMAINS } from '../../../../../src/core/names/prefix.ts';
import { EARLIER_FETCH_COMMAND } from '../../../../../src/core/settings.ts';
import type { Api } from '../../api.ts';
import { injectedPod } from '../../injected.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';
import {
  altered,
  container,
  fetcher,
  found,
  type InjectedPod,
  type Json,
  type PodSpec,
  set,
} from './alter.ts';

type Row = readonly [
  what: string,
  change: (spec: PodSpec, annotations: Record<string, string>) => unknown,
  words: string,
];

const POLICY = "'aws-secrets-injector-identity'";
const ROLE = 'arn:aws:iam::111122223333:role/team/reader';
const OTHER = 'arn:aws:iam::111122223333:role/admin';
const ASSUMED = 'arn:aws:iam::444455556666:role/shared';
const FOLDER = '/var/run/secrets/secrets-injector.dev/serviceaccount';
const TOKEN = 'aws-secrets-token';

const USES = 'does not use the role of the annotation';
const VOLUME = 'the volume aws-secrets-token for the annotation';
const MOUNTS = 'mounts the volume aws-secrets-token';
const RELEASE = 'is of a release that does not support the annotations';
const ASSUMES = 'does not assume the role of the annotations';
const ACCOUNT = 'has another service account or pod name';

/** Changes to a pod with all three annotations. */
const ALTERED: readonly Row[] = [
  ['another role', (spec) => value(spec, 'AWS_ROLE_ARN', OTHER), USES],
  ['no role', (spec) => drop(spec, 'AWS_ROLE_ARN'), USES],
  ['a role from a field', (spec) => fromField(spec, 'AWS_ROLE_ARN', 'metadata.name'), USES],
  ['two roles', (spec) => fetcher(spec).env.push({ name: 'AWS_ROLE_ARN', value: OTHER }), USES],
  ['another token', (spec) => value(spec, 'AWS_WEB_IDENTITY_TOKEN_FILE', `${FOLDER}/../token`), USES],
  ['no token', (spec) => drop(spec, 'AWS_WEB_IDENTITY_TOKEN_FILE'), USES],
  ['another annotation role-arn', (_spec, notes) => set(notes, key('role-arn'), OTHER), USES],
  ['no annotation role-arn', (_spec, notes) => Reflect.deleteProperty(notes, key('role-arn')), USES],
  [
    'a file over the token',
    (spec) =>
      fetcher(spec).volumeMounts.push({
        name: 'aws-secrets-no-api',
        mountPath: `${FOLDER}/token`,
        subPath: 'x',
      }),
    VOLUME,
  ],
  [
    'a directory over the token, by its other path',
    (spec) =>
      fetcher(spec).volumeMounts.push({
        name: 'aws-secrets-no-api',
        mountPath: `${FOLDER.slice('/var'.length)}/token`,
      }),
    VOLUME,
  ],
  [
    'the token for the agent',
    (spec) =>
      fetcher(spec).env.push({ name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${FOLDER}/token` }),
    USES,
  ],
  ['the command of release 0.1', (spec) => set(fetcher(spec), 'command', EARLIER_FETCH_COMMAND), RELEASE],
  ['a ConfigMap as the token volume', (spec) => projected(spec, { configMap: { name: 'x' } }), VOLUME],
  ['a token for the API server', (spec) => projected(spec, token({ path: 'token' })), VOLUME],
  [
    'a token at another path',
    (spec) => projected(spec, token({ path: 'x', audience: 'sts.amazonaws.com' })),
    VOLUME,
  ],
  [
    'a second source in the token volume',
    (spec) =>
      projected(spec, token({ path: 'token', audience: 'sts.amazonaws.com' }), { configMap: { name: 'x' } }),
    VOLUME,
  ],
  [
    'a token volume of another kind',
    (spec) => Object.assign(found(spec.volumes, TOKEN), { projected: undefined, emptyDir: {} }),
    VOLUME,
  ],
  ['no mount of the token', (spec) => unmountToken(spec), VOLUME],
  ['a mount for writing', (spec) => set(found(mounts(spec), TOKEN), 'readOnly', false), VOLUME],
  ['a part of the token volume', (spec) => set(found(mounts(spec), TOKEN), 'subPath', 'x'), VOLUME],
  ['the token at another path', (spec) => set(found(mounts(spec), TOKEN), 'mountPath', '/x'), VOLUME],
  ['a second mount of the token', (spec) => fetcher(spec).volumeMounts.push(mountAt('/x')), VOLUME],
  ['the token in the application', (spec) => mountIn(container(spec, 'app')), MOUNTS],
  ['the token in an init container', (spec) => mountIn(found(spec.initContainers, 'first')), MOUNTS],
  ['another role to assume', (spec) => value(spec, 'SECRETS_INJECTOR_ASSUME_ROLE_ARN', OTHER), ASSUMES],
  ['no role to assume', (spec) => drop(spec, 'SECRETS_INJECTOR_ASSUME_ROLE_ARN'), ASSUMES],
  [
    'two roles to assume',
    (spec) => fetcher(spec).env.push({ name: 'SECRETS_INJECTOR_ASSUME_ROLE_ARN', value: OTHER }),
    ASSUMES,
  ],
  [
    'no annotation assume-role-arn',
    (_spec, notes) => Reflect.deleteProperty(notes, key('assume-role-arn')),
    ASSUMES,
  ],
  ['another external ID', (spec) => value(spec, 'SECRETS_INJECTOR_EXTERNAL_ID', 'other'), ASSUMES],
  ['no external ID', (spec) => drop(spec, 'SECRETS_INJECTOR_EXTERNAL_ID'), ASSUMES],
  ['no annotation external-id', (_spec, notes) => Reflect.deleteProperty(notes, key('external-id')), ASSUMES],
  [
    'another service account',
    (spec) => value(spec, 'SECRETS_INJECTOR_SERVICE_ACCOUNT', 'shop/admin'),
    ACCOUNT,
  ],
  [
    'a service account from a field',
    (spec) => fromField(spec, 'SECRETS_INJECTOR_SERVICE_ACCOUNT', 'metadata.name'),
    ACCOUNT,
  ],
  ['another name of the pod', (spec) => value(spec, 'SECRETS_INJECTOR_POD_NAME', 'other'), ACCOUNT],
  [
    'the name of the namespace',
    (spec) => fromField(spec, 'SECRETS_INJECTOR_POD_NAME', 'metadata.namespace'),
    ACCOUNT,
  ],
];

/** Changes to a pod without these annotations. */
const PLAIN: readonly Row[] = [
  [
    'the token of role-arn',
    (spec) => fetcher(spec).env.push({ name: 'AWS_WEB_IDENTITY_TOKEN_FILE', value: `${FOLDER}/token` }),
    USES,
  ],
  [
    'a volume with the name of the token',
    (spec) => addToken(spec) && fetcher(spec).volumeMounts.push(mountAt(FOLDER)),
    VOLUME,
  ],
  ['that volume in the application', (spec) => addToken(spec) && mountIn(container(spec, 'app')), MOUNTS],
  [
    'a role to assume',
    (spec) => fetcher(spec).env.push({ name: 'SECRETS_INJECTOR_ASSUME_ROLE_ARN', value: OTHER }),
    ASSUMES,
  ],
  [
    'an external ID',
    (spec) => fetcher(spec).env.push({ name: 'SECRETS_INJECTOR_EXTERNAL_ID', value: 'x' }),
    ASSUMES,
  ],
  ['an annotation role-arn', (_spec, notes) => set(notes, key('role-arn'), ROLE), USES],
  ['an annotation assume-role-arn', (_spec, notes) => set(notes, key('assume-role-arn'), ROLE), ASSUMES],
];

const HARMLESS: readonly Row[] = [
  ['nothing', () => {}, ''],
  [
    'the injection of an earlier release, without the service account and the name of the pod',
    (spec) => {
      drop(spec, 'SECRETS_INJECTOR_SERVICE_ACCOUNT');
      drop(spec, 'SECRETS_INJECTOR_POD_NAME');
    },
    '',
  ],
  [
    'another audience',
    (spec) => projected(spec, token({ path: 'token', audience: 'https://aws.example' })),
    '',
  ],
  [
    'line feeds after the annotations',
    (_spec, notes) => {
      for (const name of ['role-arn', 'assume-role-arn', 'external-id'])
        set(notes, key(name), `${notes[key(name)]}\n`);
    },
    '',
  ],
  [
    'an EKS Pod Identity association',
    (spec) => {
      const folder = '/var/run/secrets/pods.eks.amazonaws.com/serviceaccount';
      const path = 'eks-pod-identity-token';
      spec.volumes.push({
        name: path,
        projected: { sources: [token({ audience: 'pods.eks.amazonaws.com', path })] },
      } as never);
      for (const one of [fetcher(spec), container(spec, 'app')])
        one.volumeMounts.push({ name: path, mountPath: folder, readOnly: true });
      fetcher(spec).env.push(
        { name: 'AWS_CONTAINER_CREDENTIALS_FULL_URI', value: 'http://169.254.170.23/v1/credentials' },
        { name: 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', value: `${folder}/${path}` },
      );
    },
    '',
  ],
];

export function guardedIdentity(api: () => Api): void {
  describe('roles', () => {
    let withRoles: InjectedPod;
    let plain: InjectedPod;
    beforeAll(async () => {
      const namespace = await api().namespace();
      const inject = (options: Readonly<Record<string, string>>): InjectedPod => {
        const asking = pod(namespace, {
          annotations: { [key('file.value')]: arnOf('guard'), ...options },
          containers: [{ name: 'app', command: ['true'], volumeMounts: [] }],
          initContainers: [{ name: 'first', command: ['true'], volumeMounts: [] }],
          identity: false,
        });
        const made = injectedPod(asking, namespace, {});
        if (made === undefined) throw new Error('nothing was injected');
        return made as unknown as InjectedPod;
      };
      plain = inject({});
      withRoles = inject({
        [key('role-arn')]: ROLE,
        [key('assume-role-arn')]: ASSUMED,
        [key('external-id')]: 'shop:1',
      });
    });

    it.each(ALTERED)('a pod with roles and %s: a warning', async (_what, change, words) => {
      const stderr = await warnings(withRoles, change);
      expect(stderr).toContain(POLICY);
      expect(stderr).toContain(words);
    });

    it.each(PLAIN)('a pod without roles and %s: a warning', async (_what, change, words) => {
      const stderr = await warnings(plain, change);
      expect(stderr).toContain(POLICY);
      expect(stderr).toContain(words);
    });

    it.each(HARMLESS)('a pod with roles and %s: no warning', async (_what, change) => {
      expect(await warnings(withRoles, change)).not.toContain('ValidatingAdmissionPolicy');
    });

    it('a pod without roles: no warning', async () => {
      expect(await warnings(plain, () => {})).not.toContain('ValidatingAdmissionPolicy');
    });

    it('the largest number of containers and variables: no warning', async () => {
      const more = (spec: PodSpec) => {
        const env = Array.from({ length: 400 }, (_, index) => ({ name: `SOME_NAME_${index}`, value: 'x' }));
        const volumeMounts = Array.from({ length: 20 }, (_, index) => ({
          name: 'aws-secrets-no-api',
          mountPath: `/opt/${index}`,
        }));
        fetcher(spec).env.push(...env);
        for (let index = 0; index < 200; index += 1)
          spec.containers.push({ ...container(spec, 'app'), name: `more-${index}`, volumeMounts });
      };
      expect(await warnings(withRoles, more)).not.toContain('ValidatingAdmissionPolicy');
    });

    async function warnings(injected: InjectedPod, change: Row[1]): Promise<string> {
      const annotations = { ...(injected.metadata['annotations'] as Record<string, string>) };
      const object = altered(
        { ...injected, metadata: { ...injected.metadata, annotations } },
        (spec) => void change(spec, annotations),
      );
      const noted = { ...object, metadata: { ...object.metadata, annotations } };
      const { stderr, status } = await api().create(noted, '--dry-run=server', '--validate=false');
      expect([stderr, status]).toEqual([expect.any(String), 0]);
      return stderr;
    }
  });

  describe('prefixes', () => {
    const near = (domain: string) => ({ [`${domain}/env.DB_USER`]: 'x' });
    const warns = (domain: string) =>
      `annotation ${domain}/env.DB_USER has no effect: the annotations of aws-secrets-injector start with secrets-injector.dev/`;
    const template = (annotations: Json) => ({
      metadata: { annotations, labels: { app: 'app' } },
      spec: { containers: [{ name: 'app', image: 'x' }], restartPolicy: 'Always' },
    });
    let namespace = '';
    beforeAll(async () => {
      namespace = await api().namespace({});
    });
    const show = async (object: Json): Promise<string> => {
      const { stderr, status } = await api().create(object as never, '--dry-run=server');
      expect([stderr, status]).toEqual([expect.any(String), 0]);
      return stderr;
    };

    it.each([...NEAR_DOMAINS, 'Secret-Injector.dev'])(
      'a pod with annotations of %s: a warning',
      async (domain) => {
        expect(await show(pod(namespace, { annotations: near(domain), identity: false }) as never)).toContain(
          warns(domain),
        );
      },
    );

    it('a Deployment and a CronJob with such annotations on their templates: a warning', async () => {
      const metadata = { namespace, name: 'work' };
      const spec = {
        selector: { matchLabels: { app: 'app' } },
        template: template(near('secret-injector.dev')),
      };
      expect(await show({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })).toContain(
        warns('secret-injector.dev'),
      );
      const job = template(near('secrets-injector.io'));
      const jobTemplate = { spec: { template: { ...job, spec: { ...job.spec, restartPolicy: 'Never' } } } };
      expect(
        await show({
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          metadata,
          spec: { schedule: '* * * * *', jobTemplate },
        }),
      ).toContain(warns('secrets-injector.io'));
    });

    it('a Deployment with such an annotation of its own: a warning', async () => {
      const metadata = { namespace, name: 'work', annotations: near('secret-injector.dev') };
      const spec = { selector: { matchLabels: { app: 'app' } }, template: template({}) };
      expect(await show({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })).toContain(
        warns('secret-injector.dev'),
      );
    });

    it.each([
      ['other prefixes', { 'example.com/secret-injector.dev': 'x', 'secret-injector.dev.example/a': 'x' }],
      ['a key without a prefix', { 'secrets-injector': 'x' }],
      ['options of the injector', { [key('env-mode')]: 'file' }],
    ])('a pod with %s: no warning', async (_what, annotations) => {
      expect(await show(pod(namespace, { annotations, identity: false }) as never)).toBe('');
    });
  });
}

function key(name: string): string {
  return `secrets-injector.dev/${name}`;
}

function variable(spec: PodSpec, name: string): Json {
  return found(fetcher(spec).env as (Json & { name: string })[], name);
}

function value(spec: PodSpec, name: string, text: string): void {
  Object.assign(variable(spec, name), { value: text, valueFrom: undefined });
}

function fromField(spec: PodSpec, name: string, fieldPath: string): void {
  Object.assign(variable(spec, name), { value: undefined, valueFrom: { fieldRef: { fieldPath } } });
}

function drop(spec: PodSpec, name: string): void {
  fetcher(spec).env = fetcher(spec).env.filter((one) => one['name'] !== name);
}

function token(serviceAccountToken: Json): Json {
  return { serviceAccountToken };
}

function projected(spec: PodSpec, ...sources: readonly Json[]): void {
  set(found(spec.volumes, TOKEN), 'projected', { sources });
}

function addToken(spec: PodSpec): number {
  const sources = [token({ path: 'token', audience: 'sts.amazonaws.com' })];
  return spec.volumes.push({ name: TOKEN, projected: { sources } } as never);
}

function mounts(spec: PodSpec): (Json & { name: string })[] {
  return fetcher(spec).volumeMounts as (Json & { name: string })[];
}

function mountAt(mountPath: string): Json {
  return { name: TOKEN, mountPath, readOnly: true };
}

function mountIn(one: { volumeMounts: Json[] }): void {
  one.volumeMounts = [...one.volumeMounts, mountAt('/tokens')];
}

function unmountToken(spec: PodSpec): void {
  fetcher(spec).volumeMounts = fetcher(spec).volumeMounts.filter((mount) => mount['name'] !== TOKEN);
}
