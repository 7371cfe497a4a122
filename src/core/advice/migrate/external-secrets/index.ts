/** All objects of External Secrets. */
import { asArray, asObject, field, textField } from '../../../json.ts';
import { configMapTexts, type SourceObject, type Supply } from '../model.ts';
import type { MadeSecret } from '../other-users.ts';
import { ObjectReport } from '../report.ts';
import { combine } from './combine.ts';
import { readExternalSecret } from './external-secret.ts';
import { readStores, type StoreOptions } from './stores.ts';

export const EXTERNAL_SECRETS_GROUP = 'external-secrets.io';

export interface MadeSecrets {
  /** All reports, in the order of the objects. */
  readonly reports: readonly ObjectReport[];
  /** The Secret of a name in a namespace. */
  readonly find: (namespace: string, name: string) => Supply | undefined;
  readonly secrets: readonly MadeSecret[];
}

interface MadeEverywhere {
  readonly content: unknown;
  readonly name: string;
  readonly report: ObjectReport;
  readonly supplies: Map<string, Supply | undefined>;
}

/** Reads stores, ExternalSecrets and ClusterExternalSecrets. @param objects all objects of the manifests */
export function readExternalSecrets(objects: readonly SourceObject[], options: StoreOptions): MadeSecrets {
  const own = objects.filter(({ apiVersion }) => apiVersion.split('/')[0] === EXTERNAL_SECRETS_GROUP);
  const stores = readStores([...own, ...objects.filter(({ kind }) => kind === 'ServiceAccount')], options);
  const texts = configMapTexts(objects);
  const configMapText = (namespace: string) => (name: string, key: string) => texts(namespace, name, key);
  const made = new Map<string, [Supply, ...Supply[]]>();
  const everywhere: MadeEverywhere[] = [];
  const reports: ObjectReport[] = [...stores.reports];
  const secrets: MadeSecret[] = [];
  for (const { kind, namespace, name, title, content } of own) {
    const report = new ObjectReport(title);
    const spec = field(content, 'spec');
    if (kind === 'ExternalSecret') {
      const reading = {
        stores,
        locating: options,
        namespace,
        report,
        configMapText: configMapText(namespace),
      };
      const secretName = secretNameOf(spec, name);
      const supply = readExternalSecret(spec, 'spec', reading);
      const known = made.get(`${namespace}/${secretName}`);
      if (known === undefined) made.set(`${namespace}/${secretName}`, [supply]);
      else known.push(supply);
      secrets.push({ object: title, namespace, name: secretName });
    } else if (kind === 'ClusterExternalSecret') {
      const inner = field(spec, 'externalSecretSpec');
      const secretName = secretNameOf(inner, textField(spec, 'externalSecretName') ?? name);
      everywhere.push({ content, name: secretName, report, supplies: new Map() });
      secrets.push({ object: title, namespace: undefined, name: secretName });
    } else if (kind.endsWith('PushSecret'))
      report.leave({ why: 'it writes to AWS, and the injector only reads', instead: 'keep it' });
    else continue;
    reports.push(report);
  }
  const findEverywhere = (namespace: string, secretName: string): Supply | undefined => {
    const found = everywhere.find(
      (one) => one.name === secretName && covers(one.content, namespace, objects),
    );
    if (found === undefined) return undefined;
    if (!found.supplies.has(namespace)) {
      // Its fields are reported once, for the first namespace that uses it.
      const report = found.supplies.size === 0 ? found.report : new ObjectReport(found.report.object);
      const spec = field(field(found.content, 'spec'), 'externalSecretSpec');
      const reading = {
        stores,
        locating: options,
        namespace,
        report,
        configMapText: configMapText(namespace),
      };
      const supply = readExternalSecret(spec, 'spec.externalSecretSpec', reading);
      found.supplies.set(namespace, combine([{ ...supply, report: found.report }]));
      if (found.supplies.size === 1) reportSelection(found.content, report);
    }
    return found.supplies.get(namespace);
  };
  const combined = new Map([...made].map(([key, supplies]) => [key, combine(supplies)]));
  return {
    reports,
    find: (namespace, name) => combined.get(`${namespace}/${name}`) ?? findEverywhere(namespace, name),
    secrets,
  };
}

function secretNameOf(spec: unknown, name: string): string {
  return textField(field(spec, 'target'), 'name') ?? name;
}

/** Whether the selectors can match a namespace. Labels that are not known do not exclude it. */
function covers(content: unknown, namespace: string, objects: readonly SourceObject[]): boolean {
  const spec = field(content, 'spec');
  if ((asArray(field(spec, 'namespaces')) ?? []).includes(namespace)) return true;
  const selectors = [field(spec, 'namespaceSelector'), ...(asArray(field(spec, 'namespaceSelectors')) ?? [])];
  const object = objects.find(({ kind, name }) => kind === 'Namespace' && name === namespace);
  const labels = asObject(field(field(object?.content, 'metadata'), 'labels')) ?? {};
  return selectors.some(
    (selector) =>
      selector !== undefined &&
      (object === undefined ||
        Object.entries(asObject(field(selector, 'matchLabels')) ?? {}).every(
          ([key, value]) => labels[key] === value,
        )),
  );
}

function reportSelection(content: unknown, report: ObjectReport): void {
  const spec = field(content, 'spec');
  for (const name of ['namespaces', 'namespaceSelector', 'namespaceSelectors'])
    if (field(spec, name) !== undefined)
      report.changed(`spec.${name}`, 'pods that use the Secret in these manifests are taken for selected');
  if (field(spec, 'externalSecretName') !== undefined)
    report.carried('spec.externalSecretName', 'the default name of the Secret');
  if (field(spec, 'externalSecretMetadata') !== undefined)
    report.changed('spec.externalSecretMetadata', 'has no meaning without the object');
  if (field(spec, 'refreshTime') !== undefined)
    report.changed('spec.refreshTime', 'has no meaning without the object');
  report.finish('spec', spec);
}
