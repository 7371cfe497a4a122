/** The field `objects` of a class: which secrets become which files. */
import { asArray, field, textField } from '../../../json.ts';
import { filePathFault } from '../../../names/paths.ts';
import { FILE_MODE } from '../../../plan/file-mode.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Request } from '../form-text.ts';
import { type Locating, locate, reportLocated } from '../locate.ts';
import { gap, type StoredSecret, type Value } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';
import { readFailover } from './failover.ts';

/** What reading a class needs. */
export interface ReadingClass extends Locating {
  /** Reads YAML as kubectl does. @returns undefined for anything else */
  readonly parseYaml: (text: string) => unknown;
}

/** What reading the objects of a class needs. */
export interface ClassContext extends ReadingClass {
  readonly report: ObjectReport;
  readonly region: string | undefined;
  readonly failoverRegion: string | undefined;
  /** Replaces slashes of file names; empty if they stay. */
  readonly translation: string;
}

/** The requests of the objects, by the name that `secretObjects` uses. */
export function readObjects(text: string, context: ClassContext): Result<ReadonlyMap<string, Request>, Gap> {
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
  reportLocated(report, `${at}.objectName`, located);
  if (!located.ok) return located;
  return ok({
    arn: located.value.arn,
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
