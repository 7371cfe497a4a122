/** Writes the annotations of a pod: short ones where they say everything, else the YAML form. */
import { annotationKey, FORM } from '../../names/annotation-keys.ts';
import { parseArn } from '../../names/arn.ts';
import { qualifiedNameFault } from '../../names/qualified-name.ts';
import type { Spread, StoredSecret, Value } from './model.ts';

export type Request =
  | { readonly kind: 'env'; readonly name: string; readonly value: Value; readonly isOptional: boolean }
  | {
      readonly kind: 'env-from';
      readonly spread: Spread;
      readonly prefix: string;
      readonly skips: boolean;
      readonly isOptional: boolean;
    }
  | { readonly kind: 'file'; readonly path: string; readonly value: Value; readonly isOptional: boolean }
  | {
      readonly kind: 'file-from';
      readonly directory: string;
      readonly spread: Spread;
      readonly isOptional: boolean;
    };

/** A request, and the containers that it is for; undefined for those that receive secrets by default. */
export interface Placed {
  readonly request: Request;
  readonly containers: readonly string[] | undefined;
}

/** The annotations for some requests, without options. */
export function annotationsFor(placed: readonly Placed[]): Readonly<Record<string, string>> {
  return shortForm(placed) ?? { [annotationKey(FORM)]: longForm(placed) };
}

/** @returns undefined if the short annotations cannot express a request */
function shortForm(placed: readonly Placed[]): Readonly<Record<string, string>> | undefined {
  const aliases = new Map<string, string>();
  const annotations: Record<string, string> = {};
  for (const { request, containers } of placed) {
    const key = shortKey(request);
    const secret = secretOf(request);
    const reference = shortReference(request);
    if (containers !== undefined || key === undefined || reference === undefined) return undefined;
    const alias = aliases.get(secret.arn) ?? aliasFor(secret.arn, new Set(aliases.values()));
    aliases.set(secret.arn, alias);
    annotations[key] = `${alias}${reference}`;
  }
  const named = [...aliases].map(([arn, alias]) => [annotationKey('secret', alias), arn]);
  return { ...Object.fromEntries(named), ...annotations };
}

function shortKey(request: Request): string | undefined {
  if (request.isOptional || secretOf(request).failover !== undefined) return undefined;
  const name = (family: 'env' | 'file', text: string) =>
    qualifiedNameFault(`${family}.${text}`) === undefined ? annotationKey(family, text) : undefined;
  switch (request.kind) {
    case 'env':
      return name('env', request.name);
    case 'file':
      return request.value.mode === undefined ? name('file', request.path) : undefined;
    case 'env-from':
    case 'file-from':
      return undefined;
  }
}

function shortReference(request: Request): string | undefined {
  if (request.kind === 'env-from' || request.kind === 'file-from') return undefined;
  const { secret, key, jmesPath, template, decode, pem } = request.value;
  if ([jmesPath, template, decode, pem].some((part) => part !== undefined)) return undefined;
  // A reference cannot express every key.
  if (key !== undefined && (key === '' || key.includes(':') || key.trim() !== key)) return undefined;
  return [key, secret.versionStage, secret.versionId]
    .map((part) => `:${part ?? ''}`)
    .join('')
    .replace(/:+$/, '');
}

function aliasFor(arn: string, taken: ReadonlySet<string>): string {
  const parsed = parseArn(arn, '');
  const last = (parsed.ok ? parsed.value.name : '').split('/').at(-1) ?? '';
  const plain = last
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 36)
    .replaceAll(/^-+|-+$/g, '');
  const base = plain === '' || plain === 'arn' ? 'secret' : plain;
  for (let number = 1; ; number += 1) {
    const alias = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(alias)) return alias;
  }
}

function secretOf(request: Request): StoredSecret {
  return 'value' in request ? request.value.secret : request.spread.secret;
}

/** The YAML form: an entry for each version of a secret and set of containers. */
function longForm(placed: readonly Placed[]): string {
  const entries = new Map<string, Placed[]>();
  // With `onCollision: skip`, the first one wins, so their order has to stay.
  const isOrdered = placed.filter(({ request }) => request.kind === 'env-from').length > 1;
  for (const one of placed) {
    const { request, containers } = one;
    // An entry has one envFrom and one filesFrom.
    const spread = request.kind === 'env-from' || request.kind === 'file-from' ? JSON.stringify(request) : '';
    // `optional` is a field of the whole entry for all keys.
    const isOptional = spread !== '' && request.isOptional;
    const base = JSON.stringify([secretOf(request), containers, isOptional]);
    const group = entries.get(base);
    const isFull = spread !== '' && group?.some((other) => other.request.kind === request.kind) === true;
    const isApart = isFull || (isOrdered && request.kind === 'env-from');
    const key = isApart ? `${base}${spread}` : base;
    entries.set(key, [...(entries.get(key) ?? []), one]);
  }
  return [...entries.values()].map(entryText).join('');
}

function entryText(group: readonly Placed[]): string {
  const [first] = group;
  if (first === undefined) return '';
  const { arn, versionStage, versionId, failover } = secretOf(first.request);
  const lines = [`secret: ${arn}`];
  if (versionStage !== undefined) lines.push(`versionStage: ${scalar(versionStage)}`);
  if (versionId !== undefined) lines.push(`versionId: ${scalar(versionId)}`);
  if (failover !== undefined) lines.push(`failover: [${failover.map(scalar).join(', ')}]`);
  if (first.containers !== undefined) lines.push(`containers: [${first.containers.map(scalar).join(', ')}]`);
  const requests = group.map(({ request }) => request);
  const env = requests.filter((request) => request.kind === 'env');
  const files = requests.filter((request) => request.kind === 'file');
  if (env.length > 0)
    lines.push('env:', ...env.flatMap((one) => valueLines(one.name, one.value, one.isOptional)));
  for (const request of requests) if (request.kind === 'env-from') lines.push(envFromLine(request));
  if (files.length > 0)
    lines.push('files:', ...files.flatMap((one) => valueLines(one.path, one.value, one.isOptional)));
  for (const request of requests)
    if (request.kind === 'file-from') lines.push(`filesFrom: { directory: ${scalar(request.directory)} }`);
  if (requests.some((request) => 'spread' in request && request.isOptional)) lines.push('optional: true');
  return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}\n`).join('');
}

function valueLines(
  name: string,
  { key, jmesPath, template, decode, pem, mode }: Value,
  isOptional: boolean,
): readonly string[] {
  const others = {
    decode,
    pem,
    mode: mode === undefined ? undefined : JSON.stringify(mode),
    optional: isOptional ? 'true' : undefined,
  };
  const isPlain = Object.values(others).every((other) => other === undefined);
  if (key !== undefined && isPlain) return [`  ${scalar(name)}: ${scalar(key)}`];
  if (
    template?.includes('\n') === true &&
    /^[^\s]/.test(template) &&
    !/[^\n -~\u00a0-\ud7ff]| $/m.test(template)
  ) {
    const [chomp, text] =
      template.endsWith('\n') && !template.endsWith('\n\n') ? ['|', template.slice(0, -1)] : ['|-', template];
    if (!text.endsWith('\n'))
      return [
        `  ${scalar(name)}:`,
        ...(mode === undefined ? [] : [`    mode: ${JSON.stringify(mode)}`]),
        ...(isOptional ? ['    optional: true'] : []),
        `    template: ${chomp}`,
        ...text.split('\n').map((line) => (line === '' ? '' : `      ${line}`)),
      ];
  }
  const fields = Object.entries({
    key: key === undefined ? undefined : scalar(key),
    jmesPath: jmesPath === undefined ? undefined : JSON.stringify(jmesPath),
    template: template === undefined ? undefined : JSON.stringify(template),
    ...others,
  }).flatMap(([field, text]) => (text === undefined ? [] : [`${field}: ${text}`]));
  return [`  ${scalar(name)}: ${fields.length === 0 ? '{}' : `{ ${fields.join(', ')} }`}`];
}

function envFromLine({ spread, prefix, skips }: Extract<Request, { kind: 'env-from' }>): string {
  const fields = [
    ...(prefix + spread.prefix === '' ? [] : [`prefix: ${scalar(prefix + spread.prefix)}`]),
    ...(spread.letterCase === 'keep' ? [] : [`case: ${spread.letterCase}`]),
    ...(skips ? ['onCollision: skip'] : []),
  ];
  return `envFrom: ${fields.length === 0 ? 'true' : `{ ${fields.join(', ')} }`}`;
}

/** A string that YAML 1.2 reads as that string, also in flow collections. */
function scalar(text: string): string {
  const isWord = /^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(text);
  return isWord && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(text) ? text : JSON.stringify(text);
}
