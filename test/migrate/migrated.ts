/** Manifests of other tools, migrated as the command does, with as little typing as a test wants. */
import { type MigratedFiles, migrateFiles } from '../../src/cli/manifests/migrate-text.ts';
import { asReviewed } from '../../src/cli/manifests/render-text.ts';
import { readDocuments } from '../../src/cli/yaml/documents.ts';
import { readListing } from '../../src/core/advice/migrate/locate.ts';
import type { MigrateOptions } from '../../src/core/advice/migrate/options.ts';
import type { ReportEntry } from '../../src/core/advice/migrate/report.ts';
import { podTemplates } from '../../src/core/pod/pod-templates.ts';

export type Options = Partial<Omit<MigrateOptions, 'parseYaml' | 'settings' | 'listing'>> & {
  readonly native?: boolean;
  /** Names of secrets in eu-west-1, with their tags. */
  readonly listed?: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

export const ACCOUNT = '111122223333';

/** The complete ARN of a secret, as the listing has it. */
export function listedArn(name: string): string {
  return `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:${name}-AbCdEf`;
}

/** The ARN without its suffix. */
export function partialArn(name: string): string {
  return `arn:aws:secretsmanager:eu-west-1:${ACCOUNT}:secret:${name}`;
}

/** @throws Error for text that kubectl cannot read */
export function migrated(text: string, { native = false, listed, ...options }: Options = {}): MigratedFiles {
  const listing =
    listed === undefined
      ? undefined
      : readListing({
          SecretList: Object.entries(listed).map(([name, tags]) => ({
            Name: name,
            ARN: listedArn(name),
            Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
          })),
        });
  const result = migrateFiles([{ name: 'shop.yaml', text }], 'shop', {
    ownIdentity: false,
    movesFiles: false,
    secretsInit: false,
    account: ACCOUNT,
    region: undefined,
    ...options,
    listing,
    settings: {
      image: 'registry.example/aws-secrets-injector:1',
      sidecars: { can: true },
      native: native ? { can: true, probe: false } : { can: false, why: 'this test has no cluster' },
    },
  });
  if (!result.ok) throw new Error(result.problem.join('\n'));
  return result.value;
}

/** The pods of manifests. */
export function podsOf(text: string): readonly { readonly object: string; readonly pod: object }[] {
  const read = readDocuments(text);
  if (!read.ok) throw new Error(read.problem.wrong);
  return read.value.flatMap(({ data }) => podTemplates(asReviewed(data), 'shop'));
}

/** `object field: fate`, for comparison. */
export function fatesOf({ migration }: MigratedFiles): readonly string[] {
  return migration.entries.map(({ object, field, fate }) => `${object} ${field}: ${fate}`);
}

/** The entries about a field, or below it. */
export function entriesOf({ migration }: MigratedFiles, field: string): readonly ReportEntry[] {
  return migration.entries.filter((entry) => entry.field === field || entry.field.startsWith(`${field}.`));
}

/** A Deployment whose container `app` has a shell, with more fields of the container and of the pod. */
export function deployment(container: string, pod = ''): string {
  const indented = (text: string, indent: string) => text.trimEnd().replaceAll(/^(?=.)/gm, indent);
  return `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - name: app
          image: shop/web:1
          command: [sh, -c, exec web]
${indented(container, '          ')}
${indented(pod, '      ')}
`;
}

/** A SecretStore `aws` in eu-west-1, with more fields of the provider. */
export function store(more = ''): string {
  return `apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: { name: aws, namespace: shop }
spec: { provider: { aws: { service: SecretsManager, region: eu-west-1${more === '' ? '' : `, ${more}`} } } }
---
`;
}

/** An ExternalSecret that makes the Secret `made`. @param spec lines of the spec */
export function externalSecret(spec: string): string {
  return `apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: { name: made, namespace: shop }
spec:
  secretStoreRef: { name: aws, kind: SecretStore }
${spec.trimEnd().replaceAll(/^(?=.)/gm, '  ')}
---
`;
}

/** A SecretProviderClass `made`. @param objects of the field objects @param more lines of the spec */
export function providerClass(objects: string, more = '', parameters = ''): string {
  const indented = (text: string, indent: string) => text.trimEnd().replaceAll(/^(?=.)/gm, indent);
  return `apiVersion: secrets-store.csi.x-k8s.io/v1
kind: SecretProviderClass
metadata: { name: made, namespace: shop }
spec:
  provider: aws
${indented(more, '  ')}
  parameters:
    region: eu-west-1
${indented(parameters, '    ')}
    objects: |
${indented(objects, '      ')}
---
`;
}

/** A CSI volume with the class `made`. */
export const CSI_VOLUME = `volumes:
  - name: secrets
    csi:
      driver: secrets-store.csi.k8s.io
      readOnly: true
      volumeAttributes: { secretProviderClass: made }
`;
