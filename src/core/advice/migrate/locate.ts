/** Completes names of secrets into ARNs. */
import { asArray, field, textField } from '../../json.ts';
import { parseArn } from '../../names/arn.ts';
import { partitionOf } from '../../names/regions.ts';
import { quote } from '../../problems/quote.ts';
import { ok, type Result } from '../../problems/result.ts';
import { gap } from './model.ts';
import type { Gap, ObjectReport } from './report.ts';

/** A secret of a listing. */
export interface ListedSecret {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

/** What completes names where the manifests do not say it. */
export interface Locating {
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly listing: readonly ListedSecret[] | undefined;
}

/** Where a tool looks for secrets. */
export interface Place {
  readonly region: string | undefined;
  readonly account: string | undefined;
}

export interface Located {
  readonly arn: string;
  /** Whether the ARN has no suffix, so that it follows whoever re-creates the name. */
  readonly isPartial: boolean;
}

/** Reads the output of `aws secretsmanager list-secrets`. @returns undefined for any other data */
export function readListing(data: unknown): readonly ListedSecret[] | undefined {
  const list = asArray(field(data, 'SecretList')) ?? asArray(data);
  if (list === undefined) return undefined;
  const secrets = list.map((item) => {
    const [name, arn] = [textField(item, 'Name'), textField(item, 'ARN')];
    const parsed = arn === undefined ? undefined : parseArn(arn, '');
    if (name === undefined || parsed?.ok !== true) return undefined;
    const tags = (asArray(field(item, 'Tags')) ?? []).map((tag) => ({
      key: textField(tag, 'Key') ?? '',
      value: textField(tag, 'Value') ?? '',
    }));
    return { name, arn: parsed.value.text, region: parsed.value.region, tags };
  });
  return secrets.every((secret) => secret !== undefined) ? secrets : undefined;
}

/** Finds the ARN of a secret. @param id a name, or an ARN with or without its suffix */
export function locate(id: string, place: Place, locating: Locating): Result<Located, Gap> {
  if (id.startsWith('arn:')) return fromArn(id, locating);
  const region = place.region ?? locating.region;
  if (region === undefined)
    return gap(`the Region of the secret ${quote(id)} is not known`, 'set --region, or --resolve');
  const listed = (locating.listing ?? []).filter((secret) => secret.region === region);
  const found = listed.filter((secret) => secret.name === id);
  const [first] = found;
  if (found.length > 1)
    return gap(
      `the listing contains several secrets ${quote(id)} in ${region}`,
      'use a listing of one account',
    );
  if (first !== undefined) return ok({ arn: first.arn, isPartial: false });
  if (listed.length > 0)
    return gap(
      `the listing contains no secret ${quote(id)} in ${region}`,
      'check the name, or list the secrets again',
    );
  const account = place.account ?? locating.account;
  if (account === undefined)
    return gap(`the account of the secret ${quote(id)} is not known`, 'set --account, or --resolve');
  return fromParts(`arn:${partitionOf(region).id}:secretsmanager:${region}:${account}:secret:${id}`, id);
}

function fromArn(text: string, { listing }: Locating): Result<Located, Gap> {
  const parsed = parseArn(text, '');
  if (!parsed.ok) return gap(parsed.problem.wrong, parsed.problem.expected);
  const { region, account, name, suffix } = parsed.value;
  if (suffix !== undefined) return ok({ arn: text, isPartial: false });
  const listed = listing?.find(
    (secret) => secret.name === name && secret.region === region && secret.arn.split(':')[4] === account,
  );
  return ok({ arn: listed?.arn ?? text, isPartial: listed === undefined });
}

function fromParts(arn: string, name: string): Result<Located, Gap> {
  const parsed = parseArn(arn, '');
  if (!parsed.ok) return gap(parsed.problem.wrong, 'correct the name of the secret');
  if (parsed.value.suffix !== undefined)
    return gap(
      `the name ${quote(name)} ends like the suffix of an ARN, so AWS would look for another secret`,
      'set --resolve, so that the ARN is complete',
    );
  return ok({ arn, isPartial: true });
}

/** Reports which secret a field names. */
export function reportLocated(report: ObjectReport, field: string, located: Result<Located, Gap>): void {
  if (!located.ok) report.notCarried(field, located.problem);
  else if (located.value.isPartial)
    report.changed(
      field,
      `${located.value.arn}, which has no suffix: it refers to whichever secret has that name; --resolve completes it`,
    );
  else report.carried(field, located.value.arn);
}
