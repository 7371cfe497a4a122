/** ExternalSecret: the Secret that External Secrets makes from its spec. */
import { asArray, asObject, field, textField } from '../../../json.ts';
import { quote } from '../../../problems/quote.ts';
import { ok, type Result } from '../../../problems/result.ts';
import { gap, type Identity, type Spread, type Supply, type Value } from '../model.ts';
import type { Gap, ObjectReport } from '../report.ts';
import { readFind } from './find.ts';
import { convertKey } from './names.ts';
import type { ReadingSecret } from './reading.ts';
import { readRefresh } from './refresh.ts';
import { type RefContext, readConversion, readDecoding, readRemoteRef, readStored } from './remote-ref.ts';
import { readRenames, renamedSpread } from './rewrite.ts';
import type { Store } from './stores.ts';
import { readTarget } from './target.ts';

/** Reads a spec. @param at the field that contains it @returns undefined if it makes no Secret */
export function readExternalSecret(spec: unknown, at: string, reading: ReadingSecret): Supply {
  const reader = new Reader(spec, at, reading);
  for (const [index, item] of (asArray(field(spec, 'dataFrom')) ?? []).entries())
    reader.readDataFrom(item, `${at}.dataFrom[${index}]`);
  for (const [index, item] of (asArray(field(spec, 'data')) ?? []).entries())
    reader.readData(item, `${at}.data[${index}]`);
  if (field(spec, 'secretStoreRef') !== undefined) reader.reportStore();
  const fetched: Supply = {
    report: reading.report,
    identity: reader.identity ?? {},
    named: reader.named,
    spreads: reader.spreads,
    others: reader.others,
    refresh: readRefresh(spec, at, reading.report),
  };
  const supply = readTarget(field(spec, 'target'), `${at}.target`, fetched, reading);
  reportWindows(spec, at, reading.report);
  reading.report.finish(at, spec);
  return supply;
}

function reportWindows(spec: unknown, at: string, report: ObjectReport): void {
  if (field(spec, 'syncWindows') !== undefined)
    report.notCarried(`${at}.syncWindows`, {
      why: 'pods read secrets whenever they start',
      instead:
        'use the annotation pin-version with the rollout controller (docs/guides/rollout.md), which has windows',
    });
}

class Reader {
  readonly named = new Map<string, Result<Value, Gap>>();
  readonly spreads: Result<Spread, Gap>[] = [];
  others: Gap | undefined;
  identity: Identity | undefined;
  readonly #spec: unknown;
  readonly #at: string;
  readonly #reading: ReadingSecret;

  constructor(spec: unknown, at: string, reading: ReadingSecret) {
    this.#spec = spec;
    this.#at = at;
    this.#reading = reading;
  }

  readData(item: unknown, at: string): void {
    const name = textField(item, 'secretKey') ?? '';
    const store = this.#store(item, at);
    this.#reading.report.carried(`${at}.secretKey`, 'the name in the pod');
    if (!store.ok) {
      this.named.set(name, store);
      this.#reading.report.notCarried(`${at}.remoteRef`, store.problem);
    } else
      this.named.set(
        name,
        readRemoteRef(field(item, 'remoteRef'), store.value, this.#context(`${at}.remoteRef`)),
      );
  }

  readDataFrom(item: unknown, at: string): void {
    const operations = asArray(field(item, 'rewrite')) ?? [];
    const store = this.#store(item, at);
    const [find, extract] = [field(item, 'find'), field(item, 'extract')];
    const name = find === undefined ? 'extract' : 'find';
    if (!store.ok) {
      this.#addSpread(store);
      if ((find ?? extract) !== undefined) this.#reading.report.notCarried(`${at}.${name}`, store.problem);
      if (operations.length > 0) this.#reading.report.notCarried(`${at}.rewrite`, store.problem);
    } else if (find !== undefined) this.#readFind(find, operations, store.value, at);
    else this.#readExtract(extract, operations, store.value, at);
  }

  reportStore(): void {
    const store = this.#reading.stores.find(field(this.#spec, 'secretStoreRef'), this.#reading.namespace);
    const at = `${this.#at}.secretStoreRef`;
    if (store.ok && store.value.isAssumed === true)
      this.#reading.report.changed(
        at,
        'is not in these manifests, and is taken for Secrets Manager in --region',
      );
    else if (store.ok) this.#reading.report.carried(at, 'Region and account of the ARNs');
    else this.#reading.report.notCarried(at, store.problem);
  }

  #readExtract(extract: unknown, operations: readonly unknown[], store: Store, at: string): void {
    const { report } = this.#reading;
    const context = this.#context(`${at}.extract`);
    const secret = readStored(extract, store, context);
    const decode = readDecoding(extract, context);
    readConversion(extract, context);
    let spread: Result<Spread, Gap> = secret.ok
      ? renamedSpread(secret.value, operations, textField(extract, 'conversionStrategy') ?? 'Default')
      : secret;
    if (operations.length > 0) {
      if (spread.ok) report.carried(`${at}.rewrite`, 'envFrom with prefix and case');
      else report.notCarried(`${at}.rewrite`, spread.problem);
    }
    const property = textField(extract, 'property');
    if (property !== undefined) {
      const missing = gap(
        `only the top-level keys of a secret can be expanded, not those of ${quote(property)}`,
        'request each key with jmesPath in the annotation secrets',
      );
      report.notCarried(`${at}.extract.property`, missing.problem);
      spread = missing;
    }
    if (textField(extract, 'metadataPolicy') === 'Fetch') {
      spread = gap('the injector does not read tags of secrets', 'write the tags into the manifest');
      report.notCarried(`${at}.extract.metadataPolicy`, spread.problem);
    } else if (textField(extract, 'metadataPolicy') !== undefined)
      report.carried(`${at}.extract.metadataPolicy`, 'values, not tags');
    if (!decode.ok) spread = decode;
    else if (decode.value.decode !== undefined)
      spread = gap(
        'all keys of a secret cannot be decoded at once',
        'request each key with decode: base64 in the annotation secrets',
      );
    this.#addSpread(spread);
  }

  #readFind(find: unknown, operations: readonly unknown[], store: Store, at: string): void {
    const { report } = this.#reading;
    const found = readFind(find, store, this.#context(`${at}.find`));
    const merge = operations.length === 1 ? field(operations[0], 'merge') : undefined;
    const rename = readRenames(merge === undefined ? operations : []);
    const problem = !found.ok ? found.problem : !rename.ok ? rename.problem : undefined;
    if (!found.ok || !rename.ok) {
      this.others = problem;
      if (operations.length > 0 && problem !== undefined) report.notCarried(`${at}.rewrite`, problem);
      return;
    }
    if (merge !== undefined) {
      this.#merge(
        merge,
        found.value.secrets.map(({ arn, name }) => ({ arn, name })),
        `${at}.rewrite[0].merge`,
      );
      return;
    }
    if (operations.length > 0) report.carried(`${at}.rewrite`, 'the names in the pod');
    const strategy = textField(find, 'conversionStrategy') ?? 'Default';
    for (const secret of found.value.secrets) {
      const name = operations.length > 0 ? rename.value(secret.name) : convertKey(secret.name, strategy);
      this.named.set(name, ok({ secret: { arn: secret.arn }, ...found.value.decode }));
    }
  }

  /** The keys of several JSON secrets as one. */
  #merge(
    merge: unknown,
    secrets: readonly { readonly arn: string; readonly name: string }[],
    at: string,
  ): void {
    const { report } = this.#reading;
    if ((textField(merge, 'strategy') ?? 'Extract') !== 'Extract') {
      this.others = {
        why: 'several secrets cannot become one JSON document',
        instead: 'request each secret as a file',
      };
      report.notCarried(at, this.others);
      return;
    }
    const priority = (asArray(field(merge, 'priority')) ?? []).filter((one) => typeof one === 'string');
    const rank = (name: string) => priority.indexOf(name);
    const ordered = secrets.toSorted((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
    for (const { arn } of ordered) this.#addSpread(renamedSpread({ arn }, [], 'Default'));
    report.changed(
      at,
      'envFrom of each secret; a later secret wins, also where a conflict would have been an error',
    );
  }

  #addSpread(spread: Result<Spread, Gap>): void {
    // The keys of a later element take precedence, and are not known.
    for (const [name, value] of this.named)
      if (value.ok)
        this.named.set(
          name,
          gap(
            `a later element of dataFrom can contain the key ${quote(name)} as well`,
            'request the key from the secret that contains it',
          ),
        );
    this.spreads.push(spread);
  }

  #store(item: unknown, at: string): Result<Store, Gap> {
    const source = field(item, 'sourceRef');
    const { stores, namespace, report } = this.#reading;
    if (field(source, 'generatorRef') !== undefined) {
      const missing = gap(
        'a generator makes new values, which are not in Secrets Manager',
        'keep the object',
      );
      report.notCarried(`${at}.sourceRef.generatorRef`, missing.problem);
      return missing;
    }
    const own = field(source, 'storeRef');
    const store = stores.find(own ?? field(this.#spec, 'secretStoreRef'), namespace);
    if (own !== undefined) {
      if (store.ok) report.carried(`${at}.sourceRef.storeRef`, 'Region and account of the ARN');
      else report.notCarried(`${at}.sourceRef.storeRef`, store.problem);
    }
    if (!store.ok) return store;
    this.identity ??= store.value.identity;
    if (JSON.stringify(asObject(this.identity)) !== JSON.stringify(store.value.identity))
      return gap('another store of the object uses another role', 'set --own-identity, or use one store');
    return store;
  }

  #context(at: string): RefContext {
    return { report: this.#reading.report, locating: this.#reading.locating, at };
  }
}
