/** The field `secretObjects` of a class: the Secrets that the driver makes. */
import { asArray, asObject, field, textField } from '../../../json.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { Request } from '../form-text.ts';
import { gap, type Supply, type Value } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';

/** @param files by the names of objects and aliases @returns the Secrets by name */
export function readSecretObjects(
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
