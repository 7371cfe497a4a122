/** The Secrets Store CSI driver: classes, volumes and the Secrets that they make. */
import { field, textField } from '../../../json.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { gap, type SourceObject, type Supply } from '../model.ts';
import type { MadeSecret } from '../other-users.ts';
import type { Gap, ObjectReport } from '../report.ts';
import type { VolumeFiles } from '../use.ts';
import type { ReadingClass } from './class-objects.ts';
import { CSI_DRIVER, CSI_GROUP, type ProviderClass, readProviderClass } from './provider-class.ts';

export interface Classes {
  readonly reports: readonly ObjectReport[];
  readonly secrets: readonly MadeSecret[];
  readonly secret: (namespace: string, name: string) => Supply | undefined;
  readonly volume: (namespace: string, volume: unknown) => Result<VolumeFiles, Gap> | undefined;
}

/** Reads all classes of the manifests. */
export function readClasses(objects: readonly SourceObject[], reading: ReadingClass): Classes {
  const classes = new Map<string, ProviderClass>();
  for (const object of objects)
    if (object.kind === 'SecretProviderClass' && object.apiVersion.split('/')[0] === CSI_GROUP)
      classes.set(`${object.namespace}/${object.name}`, readProviderClass(object, reading));
  const secrets = new Map<string, Supply>();
  for (const [key, { secrets: own }] of classes)
    for (const [name, supply] of own) secrets.set(`${key.split('/')[0]}/${name}`, supply);
  return {
    reports: [...classes.values()].map(({ report }) => report),
    secrets: [...classes].flatMap(([key, { report, secrets: own }]) =>
      [...own.keys()].map((name) => ({ object: report.object, namespace: key.split('/')[0], name })),
    ),
    secret: (namespace, name) => secrets.get(`${namespace}/${name}`),
    volume: (namespace, volume) => {
      const csi = field(volume, 'csi');
      if (textField(csi, 'driver') !== CSI_DRIVER) return undefined;
      const name = textField(field(csi, 'volumeAttributes'), 'secretProviderClass') ?? '';
      const found = classes.get(`${namespace}/${name}`);
      if (found === undefined)
        return gap(`the SecretProviderClass ${quote(name)} is not in these manifests`, 'add it to the input');
      if (field(csi, 'nodePublishSecretRef') !== undefined)
        return gap(
          'the volume names static keys in nodePublishSecretRef',
          'give the service account an IAM role',
        );
      const { files, report } = found;
      if (!files.ok) return files;
      const supply = {
        report,
        identity: {},
        named: new Map(),
        spreads: [],
        others: undefined,
        refresh: undefined,
      };
      return ok({ supplies: [supply], requests: files.value, refresh: undefined });
    },
  };
}
