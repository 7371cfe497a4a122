/** `dataFrom.find`: the secrets of a listing that match. */
import { asObject, field, textField } from '../../../json.ts';
import { ok, type Result } from '../../../problems/result.ts';
import type { ListedSecret } from '../locate.ts';
import { gap, type Value } from '../model.ts';
import type { Gap } from '../report.ts';
import { readMatcher } from './names.ts';
import { type RefContext, readConversion, readDecoding } from './remote-ref.ts';
import type { Store } from './stores.ts';

export interface Found {
  readonly secrets: readonly ListedSecret[];
  readonly decode: Pick<Value, 'decode'>;
}

/** Finds the secrets. Filters of AWS match the start of names, of tag keys and of tag values. */
export function readFind(find: unknown, store: Store, context: RefContext): Result<Found, Gap> {
  const { report, locating, at } = context;
  const decode = readDecoding(find, context);
  readConversion(find, context);
  const region = store.region ?? locating.region;
  const listing = locating.listing?.filter((secret) => secret.region === region);
  const found = listing === undefined ? undefined : matching(find, listing);
  const known = ['name', 'path', 'tags'].filter((name) => field(find, name) !== undefined);
  if (found === undefined || !found.ok) {
    const missing =
      found ??
      gap(
        'which secrets match is known to AWS only',
        'set --resolve to the output of aws secretsmanager list-secrets, or list the secrets in data',
      );
    for (const name of known) report.notCarried(`${at}.${name}`, missing.problem);
    return missing;
  }
  if (!decode.ok) return decode;
  for (const name of known)
    report.changed(
      `${at}.${name}`,
      `the ${found.value.length} secrets that match in the listing: secrets that match later are not added`,
    );
  return ok({ secrets: found.value, decode: decode.value });
}

function matching(find: unknown, listing: readonly ListedSecret[]): Result<readonly ListedSecret[], Gap> {
  const matcher = readMatcher(textField(field(find, 'name'), 'regexp') ?? '');
  if (!matcher.ok) return matcher;
  const path = textField(find, 'path') ?? '';
  const tags = Object.entries(asObject(field(find, 'tags')) ?? {});
  return ok(
    listing.filter(
      (secret) =>
        matcher.value(secret.name) &&
        secret.name.startsWith(path) &&
        tags.every(
          ([key, value]) =>
            secret.tags.some((tag) => tag.key.startsWith(key)) &&
            secret.tags.some((tag) => tag.value.startsWith(String(value))),
        ),
    ),
  );
}
