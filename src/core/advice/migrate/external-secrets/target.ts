/** `target`: how the Secret is made from the data, and what is about the Secret as an object. */
import { asArray, asObject, field, textField } from '../../../json.ts';
import { quote } from '../../../problems/quote.ts';
import type { Result } from '../../../problems/result.ts';
import { gap, type Supply, type Value, valueOfKey } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';
import type { ReadingSecret } from './reading.ts';
import { readTemplate } from './template.ts';

/** @param fetched the data before templates */
export function readTarget(target: unknown, at: string, fetched: Supply, reading: ReadingSecret): Supply {
  const { report } = reading;
  if (textField(target, 'name') !== undefined) report.carried(`${at}.name`, 'the Secret that pods refer to');
  reportObject(target, at, report);
  const merged = mergePolicyOf(target, at, fetched, report);
  const template = field(target, 'template');
  const supply = template === undefined ? merged : withTemplate(template, `${at}.template`, merged, reading);
  if (field(target, 'manifest') === undefined) return supply;
  const other = gap('the target is not a Secret', 'keep the object');
  report.notCarried(`${at}.manifest`, other.problem);
  return { ...supply, named: new Map(), spreads: [other] };
}

function reportObject(target: unknown, at: string, report: ObjectReport): void {
  for (const [name, meaning] of [
    ['deletionPolicy', 'a missing secret stops new pods, and running pods keep what they have'],
    ['immutable', 'there is no Secret that could be changed'],
  ] as const)
    if (field(target, name) !== undefined) report.changed(`${at}.${name}`, meaning);
}

function mergePolicyOf(target: unknown, at: string, fetched: Supply, report: ObjectReport): Supply {
  const policy = textField(target, 'creationPolicy');
  if (policy === undefined) return fetched;
  if (policy === 'Merge' || policy === 'CreateOrMerge') {
    report.changed(
      `${at}.creationPolicy`,
      'the keys of this object alone: others of the Secret stay in the Secret',
    );
    return { ...fetched, isPart: true };
  }
  if (policy === 'None') {
    const nothing = gap('the object makes no Secret', 'keep what makes it');
    report.changed(`${at}.creationPolicy`, 'no Secret is made in either case');
    return { ...fetched, named: new Map(), spreads: [nothing] };
  }
  report.changed(`${at}.creationPolicy`, 'there is no Secret to own');
  return fetched;
}

function withTemplate(template: unknown, at: string, fetched: Supply, reading: ReadingSecret): Supply {
  const { report } = reading;
  if (field(template, 'engineVersion') !== undefined) report.carried(`${at}.engineVersion`, 'read as v2');
  if (field(template, 'type') !== undefined)
    report.changed(
      `${at}.type`,
      'files and variables have no type; keep the object for image pull secrets and Ingress',
    );
  for (const name of ['labels', 'annotations', 'finalizers'])
    if (field(field(template, 'metadata'), name) !== undefined)
      report.notCarried(`${at}.metadata.${name}`, {
        why: 'there is no Secret that could have them',
        instead: 'keep the object if other programs find the Secret by them',
      });
  const data = Object.entries(asObject(field(template, 'data')) ?? {});
  const from = asArray(field(template, 'templateFrom')) ?? [];
  const policy = textField(template, 'mergePolicy');
  if (policy !== undefined) report.carried(`${at}.mergePolicy`, 'which keys the Secret has');
  if (data.length === 0 && from.length === 0) return fetched;
  const keeps = policy === 'Merge';
  const named = new Map<string, Result<Value, Gap>>(keeps ? fetched.named : []);
  const lookUp = (name: string) => valueOfKey(fetched, name);
  let { others } = fetched;
  for (const [index, source] of from.entries()) {
    const own = `${at}.templateFrom[${index}]`;
    const unknown = readFrom(source, own, { named, lookUp, reading });
    others = unknown ?? others;
  }
  for (const [key, text] of data) {
    const value = readTemplate(String(text), lookUp);
    named.set(key, value);
    reportTemplate(`${at}.data.${key}`, value, report);
  }
  return { ...fetched, named, spreads: keeps ? fetched.spreads : [], others };
}

interface Templates {
  readonly named: Map<string, Result<Value, Gap>>;
  readonly lookUp: (name: string) => Result<Value, Gap>;
  readonly reading: ReadingSecret;
}

/** @returns why the Secret has further keys */
function readFrom(source: unknown, at: string, { named, lookUp, reading }: Templates): Gap | undefined {
  const { report, configMapText } = reading;
  const target = textField(source, 'target') ?? 'Data';
  if (target !== 'Data') {
    report.notCarried(at, {
      why: `makes ${target.toLowerCase()} of the Secret`,
      instead: 'keep the object if other programs find the Secret by them',
    });
    return undefined;
  }
  const configMap = field(source, 'configMap');
  const name = textField(configMap, 'name') ?? '';
  const items = asArray(field(configMap, 'items')) ?? [];
  const isPlain = items.every((item) => (textField(item, 'templateAs') ?? 'Values') === 'Values');
  if (configMap === undefined || !isPlain) {
    const why = 'the template makes the names of keys as well';
    const missing = { why, instead: 'write each file in the annotation secrets, field template' };
    report.notCarried(at, missing);
    return missing;
  }
  for (const [index, item] of items.entries()) {
    const key = textField(item, 'key') ?? '';
    const text = configMapText(name, key);
    const value =
      text === undefined
        ? gap(`the ConfigMap ${quote(name)} is not in these manifests`, 'add it to the input')
        : readTemplate(text, lookUp);
    named.set(key, value);
    reportTemplate(`${at}.configMap.items[${index}]`, value, report);
  }
  report.carried(`${at}.configMap.name`, 'its templates');
  if (textField(source, 'target') !== undefined) report.carried(`${at}.target`, 'files and variables');
  return undefined;
}

function reportTemplate(at: string, value: Result<Value, Gap>, report: ObjectReport): void {
  if (!value.ok) report.notCarried(at, value.problem);
  else if (value.value.template !== undefined) report.carried(at, 'field template');
  else if (value.value.decode !== undefined)
    report.changed(at, 'decode: base64, which stops the pod if the value is not base64');
  else report.carried(at, 'the value itself');
}
