/** The remote references of `data` and `dataFrom`. */
import { asObject, field, textField } from '../../../json.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { type Locating, locate, reportLocated } from '../locate.ts';
import { gap, type StoredSecret, type Value } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';
import { type Property, readProperty } from './property.ts';
import type { Store } from './stores.ts';

export interface RefContext {
  readonly report: ObjectReport;
  readonly locating: Locating;
  /** The field that contains the reference. */
  readonly at: string;
}

/** The version of a secret that a reference names. */
export function readStored(
  ref: unknown,
  store: Store,
  { report, locating, at }: RefContext,
): Result<StoredSecret, Gap> {
  const key = textField(ref, 'key') ?? '';
  const id = key.startsWith('arn:') && store.prefix === '' ? key : `${store.prefix}${key}`;
  const version = readVersion(ref, report, at);
  const located = locate(id, store, locating);
  reportLocated(report, `${at}.key`, located);
  return located.ok ? ok({ arn: located.value.arn, ...version }) : located;
}

function readVersion(
  ref: unknown,
  report: ObjectReport,
  at: string,
): Pick<StoredSecret, 'versionId' | 'versionStage'> {
  const version = textField(ref, 'version');
  if (version === undefined) return {};
  if (version.startsWith('uuid/')) {
    report.carried(`${at}.version`, 'version ID');
    return { versionId: version.slice('uuid/'.length) };
  }
  report.carried(`${at}.version`, 'version stage');
  return version === 'AWSCURRENT' ? {} : { versionStage: version };
}

/** One value. */
export function readRemoteRef(ref: unknown, store: Store, context: RefContext): Result<Value, Gap> {
  const { report, at } = context;
  const secret = readStored(ref, store, context);
  const property = textField(ref, 'property');
  const part: Result<Property, Gap> =
    property === undefined || property === '' ? ok({}) : readProperty(property);
  if (property !== undefined) {
    if (!part.ok) report.notCarried(`${at}.property`, part.problem);
    else if (part.value.changed !== undefined)
      report.changed(`${at}.property`, `JMESPath ${part.value.jmesPath}: ${part.value.changed}`);
    else report.carried(`${at}.property`, 'part of the secret');
  }
  const decode = readDecoding(ref, context);
  const metadata = readMetadataPolicy(ref, context);
  readConversion(ref, context);
  if (!secret.ok) return secret;
  if (!part.ok) return part;
  if (!decode.ok) return decode;
  if (!metadata.ok) return metadata;
  const { key, jmesPath } = part.value;
  return ok({
    secret: secret.value,
    ...(key === undefined ? {} : { key }),
    ...(jmesPath === undefined ? {} : { jmesPath }),
    ...decode.value,
  });
}

/** How values are decoded. */
export function readDecoding(ref: unknown, { report, at }: RefContext): Result<Pick<Value, 'decode'>, Gap> {
  const strategy = textField(ref, 'decodingStrategy');
  if (strategy === undefined) return ok({});
  if (strategy === 'None') {
    report.carried(`${at}.decodingStrategy`, 'values are not decoded');
    return ok({});
  }
  if (strategy === 'Base64') {
    report.carried(`${at}.decodingStrategy`, 'decode: base64');
    return ok({ decode: 'base64' });
  }
  const missing = gap(
    strategy === 'Auto'
      ? 'the strategy Auto guesses from the value whether to decode it'
      : `the injector has no decoding ${quote(strategy)}`,
    'store the value as plain text, or as base64 and set decodingStrategy to Base64',
  );
  report.notCarried(`${at}.decodingStrategy`, missing.problem);
  return missing;
}

function readMetadataPolicy(ref: unknown, { report, at }: RefContext): Result<undefined, Gap> {
  const policy = textField(ref, 'metadataPolicy');
  if (policy === undefined || policy === 'None') {
    if (policy !== undefined) report.carried(`${at}.metadataPolicy`, 'values, not tags');
    return ok(undefined);
  }
  const missing = gap('the injector does not read tags of secrets', 'write the tags into the manifest');
  report.notCarried(`${at}.metadataPolicy`, missing.problem);
  return missing;
}

/** What a Secret does with names that it cannot have. */
export function readConversion(ref: unknown, { report, at }: RefContext): void {
  for (const name of ['conversionStrategy', 'nullBytePolicy'])
    if (asObject(ref) !== undefined && field(ref, name) !== undefined)
      report.changed(
        `${at}.${name}`,
        name === 'conversionStrategy'
          ? 'keys that are not valid names stop the pod instead of being converted'
          : 'a value with a null byte is delivered in files, and stops the pod in variables',
      );
}
