/** Several objects that make one Secret: one creates it, and others merge keys into it. */
import type { Result } from '../../../problems/result.ts';
import { gap, type Supply, type Value } from '../model.ts';
import type { Gap } from '../report.ts';

/** A Secret with the keys of all its objects. @param supplies at least one */
export function combine(supplies: readonly [Supply, ...Supply[]]): Supply {
  const [first, ...others] = supplies;
  const isWhole = supplies.some(({ isPart }) => isPart !== true);
  const combined = others.reduce(merge, first);
  return isWhole ? combined : { ...combined, others: combined.others ?? NOT_ALL };
}

const NOT_ALL: Gap = {
  why: 'the Secret has keys that this object does not provide',
  instead: 'request each key in env or volumes[].secret.items',
};

function merge(one: Supply, two: Supply): Supply {
  const also = [...(one.also ?? []), two.report];
  if (JSON.stringify(one.identity) !== JSON.stringify(two.identity)) {
    const conflict = gap('its objects use stores with different roles', 'set --own-identity');
    return { ...one, also, named: new Map(), spreads: [conflict] };
  }
  const named = new Map<string, Result<Value, Gap>>(one.named);
  for (const [key, value] of two.named) {
    const isTwice = named.has(key);
    named.set(
      key,
      isTwice ? gap(`two objects make the key "${key}" of the Secret`, 'remove it from one of them') : value,
    );
  }
  const refreshes = [one.refresh, two.refresh].filter((seconds) => seconds !== undefined);
  return {
    ...one,
    also,
    named,
    spreads: [...one.spreads, ...two.spreads],
    others: one.others ?? two.others,
    refresh: refreshes.length === 0 ? undefined : Math.min(...refreshes),
  };
}
