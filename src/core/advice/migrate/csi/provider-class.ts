/** SecretProviderClass with provider aws: the files of a CSI volume, and the Secrets that it makes. */
import { field, textField } from '../../../json.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Request } from '../form-text.ts';
import { gap, type SourceObject, type Supply } from '../model.ts';
import { type Gap, ObjectReport } from '../report.ts';
import { type ClassContext, type ReadingClass, readObjects } from './class-objects.ts';
import { readSecretObjects } from './secret-objects.ts';

export const CSI_GROUP = 'secrets-store.csi.x-k8s.io';
export const CSI_DRIVER = 'secrets-store.csi.k8s.io';

export interface ProviderClass {
  readonly report: ObjectReport;
  readonly files: Result<readonly Request[], Gap>;
  /** The Secrets of `secretObjects`, by name. */
  readonly secrets: ReadonlyMap<string, Supply>;
}

/** Reads a class. */
export function readProviderClass(object: SourceObject, reading: ReadingClass): ProviderClass {
  const report = new ObjectReport(object.title);
  const spec = field(object.content, 'spec');
  const parameters = field(spec, 'parameters');
  if (textField(spec, 'provider') !== 'aws') {
    const foreign = gap(
      `the class uses the provider ${quote(textField(spec, 'provider') ?? '')}`,
      'keep it: the injector reads AWS Secrets Manager only',
    );
    report.leave(foreign.problem);
    return { report, files: foreign, secrets: new Map() };
  }
  report.carried('spec.provider', 'AWS Secrets Manager');
  const translation = textField(parameters, 'pathTranslation') ?? '_';
  const context: ClassContext = {
    ...reading,
    report,
    region: textField(parameters, 'region') ?? reading.region,
    failoverRegion: textField(parameters, 'failoverRegion'),
    translation: translation.toLowerCase() === 'false' ? '' : translation,
  };
  reportParameters(parameters, report);
  const files = readObjects(textField(parameters, 'objects') ?? '', context);
  const secrets = readSecretObjects(field(spec, 'secretObjects'), files, report);
  report.finish('spec', spec);
  return { report, files: files.ok ? ok([...files.value.values()]) : files, secrets };
}

function reportParameters(parameters: unknown, report: ObjectReport): void {
  const at = 'spec.parameters';
  const known = (name: string) => field(parameters, name) !== undefined;
  if (known('region')) report.carried(`${at}.region`, 'part of the ARNs');
  if (known('failoverRegion'))
    report.changed(
      `${at}.failoverRegion`,
      'failover: the replica is used if the Region is unavailable; an error of the replica no longer stops the pod',
    );
  if (known('pathTranslation')) report.carried(`${at}.pathTranslation`, 'the names of the files');
  if (known('usePodIdentity'))
    report.carried(`${at}.usePodIdentity`, 'the pod signs in with whichever of Pod Identity and IRSA it has');
  if (known('preferredAddressType'))
    report.changed(`${at}.preferredAddressType`, 'the pod uses the address of the agent that EKS sets');
}
