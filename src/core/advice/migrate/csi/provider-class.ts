/** SecretProviderClass with provider aws: the files of a CSI volume, and the Secrets that it makes. */
import { asArray, asObject, field, textField } from '../../../json.ts';
import { filePathFault } from '../../../names/paths.ts';
import { FILE_MODE } from '../../../plan/file-mode.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Request } from '../form-text.ts';
import { type Locating, locate } from '../locate.ts';
import { gap, type SourceObject, type StoredSecret, type Supply, type Value } from '../model.ts';
import { type Gap, ObjectReport } from '../report.ts';
import { readFailover } from './failover.ts';

export const CSI_GROUP = 'secrets-store.csi.x-k8s.io';
export const CSI_DRIVER = 'secrets-store.csi.k8s.io';

export interface ProviderClass {
  readonly report: ObjectReport;
  readonly files: Result<readonly Request[], Gap>;
  /** The Secrets of `secretObjects`, by name. */
  readonly secrets: ReadonlyMap<string, Supply>;
}

export interface ReadingClass extends Locating {
  /** Reads YAML as kubectl does. @returns undefined for anything else */
  readonly parseYaml: (text: string) => unknown;
}

interface ClassContext extends ReadingClass {
  readonly report: ObjectReport;
  readonly region: string | undefined;
  readonly failoverRegion: string | undefined;
  /** Replaces slashes of file names; empty if they stay. */
  readonly translation: string;
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

/** The requests of the objects, by the name that `secretObjects` uses. */
function readObjects(text: string, context: ClassContext): Result<ReadonlyMap<string, Request>, Gap> {
  const { report } = context;
  const list = asArray(context.parseYaml(text));
  if (list === undefined) {
    const unreadable = gap('the field is not a list in YAML', 'correct it');
    report.notCarried('spec.parameters.objects', unreadable.problem);
    return unreadable;
  }
  const files = new Map<string, Request>();
  let missing: Result<never, Gap> | undefined;
  for (const [index, item] of list.entries()) {
    const at = `spec.parameters.objects[${index}]`;
    const read = readObject(item, at, context);
    report.finish(at, item);
    if (!read.ok) missing ??= read;
    else for (const [name, request] of read.value) files.set(name, request);
  }
  // The field is text, whose parts have entries of their own.
  report.carried('spec.parameters.objects', 'see its elements');
  return missing ?? ok(files);
}

function readObject(
  item: unknown,
  at: string,
  context: ClassContext,
): Result<readonly (readonly [string, Request])[], Gap> {
  const { report } = context;
  const name = textField(item, 'objectName') ?? '';
  const type = textField(item, 'objectType') ?? name.split(':')[2];
  if (type !== 'secretsmanager') {
    const foreign = gap(
      `${quote(name)} is a parameter of Parameter Store`,
      'put it into a class of its own, or move its value to Secrets Manager',
    );
    report.notCarried(at, foreign.problem);
    return foreign;
  }
  if (textField(item, 'objectType') !== undefined) report.carried(`${at}.objectType`, 'Secrets Manager');
  const secret = readSecret(item, name, at, context);
  if (field(item, 'objectTemplate') !== undefined) {
    const foreign = gap(
      'the field is a Go template',
      'write the file in the annotation secrets, field template or format',
    );
    report.notCarried(`${at}.objectTemplate`, foreign.problem);
    return foreign;
  }
  if (!secret.ok) return secret;
  const alias = textField(item, 'objectAlias');
  if (alias !== undefined) report.carried(`${at}.objectAlias`, 'the name of the file');
  const mode = readMode(item, at, report);
  const whole = fileOf(alias ?? name, { secret: secret.value, ...mode }, context);
  const files = [whole, ...readJmesPaths(item, at, secret.value, mode, context)];
  const broken = files.find((file) => !file.ok);
  if (broken?.ok === false) return broken;
  return ok(files.flatMap((file) => (file.ok ? [file.value] : [])));
}

function readSecret(
  item: unknown,
  name: string,
  at: string,
  context: ClassContext,
): Result<StoredSecret, Gap> {
  const { report, region } = context;
  const located = locate(name, { region, account: undefined }, context);
  const [versionId, label] = [textField(item, 'objectVersion'), textField(item, 'objectVersionLabel')];
  if (versionId !== undefined) report.carried(`${at}.objectVersion`, 'version ID');
  if (label !== undefined) report.carried(`${at}.objectVersionLabel`, 'version stage');
  const failover = readFailover(item, at, located.ok ? located.value.arn : undefined, context);
  if (!located.ok) {
    report.notCarried(`${at}.objectName`, located.problem);
    return located;
  }
  const { arn, isPartial } = located.value;
  if (isPartial)
    report.changed(
      `${at}.objectName`,
      `${arn}, which has no suffix: it refers to whichever secret has that name; --resolve completes it`,
    );
  else report.carried(`${at}.objectName`, arn);
  return ok({
    arn,
    ...(versionId === undefined ? {} : { versionId }),
    ...(label === undefined || label === 'AWSCURRENT' || versionId !== undefined
      ? {}
      : { versionStage: label }),
    ...(failover === undefined ? {} : { failover }),
  });
}

function readMode(item: unknown, at: string, report: ObjectReport): Pick<Value, 'mode'> {
  const written = textField(item, 'filePermission');
  if (written === undefined) return {};
  // Files belong to the fetcher, so that the application reads them as one of the others.
  if (FILE_MODE.test(written) && /[4-7]$/.test(written)) {
    report.carried(`${at}.filePermission`, 'mode');
    return { mode: written };
  }
  report.changed(`${at}.filePermission`, 'the injector computes a mode that the application can read');
  return {};
}

function readJmesPaths(
  item: unknown,
  at: string,
  secret: StoredSecret,
  mode: Pick<Value, 'mode'>,
  context: ClassContext,
): readonly Result<readonly [string, Request], Gap>[] {
  return (asArray(field(item, 'jmesPath')) ?? []).map((entry, index) => {
    const own = `${at}.jmesPath[${index}]`;
    const path = textField(entry, 'path') ?? '';
    const alias = textField(entry, 'objectAlias') ?? '';
    context.report.carried(`${own}.path`, 'key or jmesPath');
    context.report.carried(`${own}.objectAlias`, 'the name of the file');
    const part = /^[A-Za-z_]\w*$/.test(path) ? { key: path } : { jmesPath: path };
    return fileOf(alias, { secret, ...part, ...mode, ...readMode(entry, own, context.report) }, context);
  });
}

function fileOf(
  name: string,
  value: Value,
  { translation }: ClassContext,
): Result<readonly [string, Request], Gap> {
  const path = translation === '' ? name.replace(/^\/+/, '') : name.replaceAll('/', () => translation);
  const fault = filePathFault(path);
  return fault === undefined
    ? ok([name, { kind: 'file', path, value, isOptional: false }])
    : gap(`the file name ${quote(path)} ${fault}`, 'set objectAlias to another name');
}

function readSecretObjects(
  list: unknown,
  files: Result<ReadonlyMap<string, Request>, Gap>,
  report: ObjectReport,
): ReadonlyMap<string, Supply> {
  const secrets = new Map<string, Supply>();
  for (const [index, object] of (asArray(list) ?? []).entries()) {
    const at = `spec.secretObjects[${index}]`;
    const named = new Map<string, Result<Value, Gap>>();
    for (const [place, data] of (asArray(field(object, 'data')) ?? []).entries()) {
      const own = `${at}.data[${place}]`;
      named.set(textField(data, 'key') ?? '', readSecretData(data, own, files, report));
    }
    report.carried(`${at}.secretName`, 'the Secret that pods refer to');
    if (field(object, 'type') !== undefined)
      report.changed(
        `${at}.type`,
        'files and variables have no type; keep the class for image pull secrets and Ingress',
      );
    for (const name of ['labels', 'annotations'])
      if (asObject(field(object, name)) !== undefined)
        report.notCarried(`${at}.${name}`, {
          why: 'there is no Secret that could have them',
          instead: 'keep the class if other programs find the Secret by them',
        });
    const supply = { report, identity: {}, named, spreads: [], others: undefined, refresh: undefined };
    secrets.set(textField(object, 'secretName') ?? '', supply);
  }
  return secrets;
}

function readSecretData(
  data: unknown,
  at: string,
  files: Result<ReadonlyMap<string, Request>, Gap>,
  report: ObjectReport,
): Result<Value, Gap> {
  const name = textField(data, 'objectName') ?? '';
  report.carried(`${at}.key`, 'the name in the pod');
  if (field(data, 'plainValue') !== undefined) {
    const constant = gap('the value is a constant, which is no secret', 'write it into the manifest');
    report.notCarried(`${at}.plainValue`, constant.problem);
    return constant;
  }
  if (!files.ok) {
    report.notCarried(`${at}.objectName`, files.problem);
    return files;
  }
  const request = files.value.get(name);
  if (request?.kind !== 'file') {
    const missing = gap(`the class has no object or alias ${quote(name)}`, 'correct the name');
    report.notCarried(`${at}.objectName`, missing.problem);
    return missing;
  }
  report.carried(`${at}.objectName`, 'its value');
  const { mode: _, ...value } = request.value;
  return ok(value);
}
