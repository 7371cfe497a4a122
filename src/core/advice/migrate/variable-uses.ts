/** Variables from Secrets, as requests. */
import { asArray, field, textField } from '../../json.ts';
import { isEnvName } from '../../names/env-names.ts';
import { quote } from '../../problems/quote.ts';
import { ok, type Result } from '../../problems/result.ts';
import type { Request } from './form-text.ts';
import { gap, type Supply, type Value, valueOfKey } from './model.ts';
import type { Gap } from './report.ts';
import type { ContainerPlace, Sources, Use } from './use.ts';

/** The variables of a container that come from Secrets. */
export function variableUses(container: ContainerPlace, sources: Sources): readonly Use[] {
  return [...envUses(container, sources), ...envFromUses(container, sources)];
}

function envUses({ path, name, json }: ContainerPlace, sources: Sources): readonly Use[] {
  return (asArray(field(json, 'env')) ?? []).flatMap((item, index): readonly Use[] => {
    const reference = field(field(item, 'valueFrom'), 'secretKeyRef');
    const secretName = textField(reference, 'name') ?? '';
    const supply = sources.secret(secretName);
    if (reference === undefined || supply === undefined) return [];
    const variable = textField(item, 'name') ?? '';
    const value = valueOfKey(supply, textField(reference, 'key') ?? '');
    const isOptional = field(reference, 'optional') === true;
    return [
      {
        field: `container ${name}, env ${variable}`,
        removes: [[...path, 'env', index]],
        containers: [name],
        supplies: [supply],
        requests: value.ok ? variableRequest(variable, value.value, isOptional) : value,
      },
    ];
  });
}

function variableRequest(name: string, value: Value, isOptional: boolean): Result<readonly Request[], Gap> {
  if (!isEnvName(name))
    return gap(`${quote(name)} is not a name that every shell accepts`, 'rename the variable');
  if (value.template !== undefined || value.pem !== undefined)
    return gap(
      'the injector makes files from templates and PEM bundles, not variables',
      'read it from a file',
    );
  return ok([{ kind: 'env', name, value, isOptional }]);
}

function envFromUses({ path, name, json }: ContainerPlace, sources: Sources): readonly Use[] {
  const items = asArray(field(json, 'envFrom')) ?? [];
  // A variable of the container wins over one of envFrom, and in envFrom the last one wins.
  const taken = new Set((asArray(field(json, 'env')) ?? []).map((item) => textField(item, 'name') ?? ''));
  const uses: Use[] = [];
  /** What later elements can contain as well. */
  const later = { unknown: false, spread: false };
  for (const [index, item] of [...items.entries()].toReversed()) {
    const reference = field(item, 'secretRef');
    const secretName = textField(reference, 'name') ?? '';
    const supply = reference === undefined ? undefined : sources.secret(secretName);
    if (supply === undefined) {
      later.unknown = true;
      continue;
    }
    const from = {
      prefix: textField(item, 'prefix') ?? '',
      isOptional: field(reference, 'optional') === true,
      skips: taken.size > 0 || supply.spreads.length > 1 || items.length > 1,
    };
    uses.push({
      field: `container ${name}, envFrom ${secretName}`,
      removes: [[...path, 'envFrom', index]],
      containers: [name],
      supplies: [supply],
      requests: allVariables(supply, from, taken),
      ...orderChange(later, supply),
    });
    for (const key of supply.named.keys()) taken.add(from.prefix + key);
    if (supply.spreads.length > 0) later.spread = true;
  }
  return uses;
}

/** In Kubernetes, a later element of `envFrom` wins. */
function orderChange(
  later: { readonly unknown: boolean; readonly spread: boolean },
  { named }: Supply,
): Pick<Use, 'changed'> {
  if (later.unknown)
    return { changed: 'its variables win over those of later elements of envFrom, which stay in the pod' };
  return later.spread && named.size > 0
    ? { changed: 'its variables win over keys of the same name in a later element of envFrom' }
    : {};
}

interface EnvFrom {
  readonly prefix: string;
  readonly isOptional: boolean;
  /** Whether other variables can have the same names. */
  readonly skips: boolean;
}

/** @param taken names that take precedence */
function allVariables(
  supply: Supply,
  { prefix, isOptional, skips }: EnvFrom,
  taken: ReadonlySet<string>,
): Result<readonly Request[], Gap> {
  const requests: Request[] = [];
  for (const [key, value] of supply.named) {
    const name = prefix + key;
    if (taken.has(name)) continue;
    const request = value.ok ? variableRequest(name, value.value, isOptional) : value;
    if (!request.ok) return request;
    requests.push(...request.value);
  }
  if (supply.others !== undefined) return { ok: false, problem: supply.others };
  for (const spread of supply.spreads.toReversed()) {
    if (!spread.ok) return spread;
    const whole = prefix + spread.value.prefix;
    if (whole !== '' && !isEnvName(whole))
      return gap(
        `the prefix ${quote(whole)} cannot start a variable`,
        'request each key in the annotation secrets',
      );
    requests.push({ kind: 'env-from', spread: spread.value, prefix, skips, isOptional });
  }
  return ok(requests);
}
