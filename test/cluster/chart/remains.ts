/** Objects of the product in a cluster. */
import { NAME } from '../../helm/helm.ts';
import type { Api } from '../product/api.ts';
import { until } from '../until.ts';

/** Every object whose name contains that of the product, apart from its namespace. */
export async function remains(api: Api): Promise<readonly string[]> {
  const found = await Promise.all(
    ['true', 'false'].map(async (scope) => {
      const flags = [`--namespaced=${scope}`, '--verbs=list', '--output=name'];
      const types = (await api.kubectl('api-resources', ...flags)).trim().split('\n');
      const stored = types.filter((type) => !/^(?:events|componentstatuses)/.test(type));
      const names = await api.kubectl('get', stored.join(','), '--all-namespaces', '--output=name');
      return names.split('\n').filter((name) => name.includes(NAME));
    }),
  );
  return found.flat().filter((name) => name !== `namespace/${NAME}`);
}

/** Waits until nothing is left. @throws Error that lists the rest */
export async function untilNothingRemains(api: Api): Promise<void> {
  let left: readonly string[] = [];
  await until('every object to be gone', { seconds: 90, details: () => left.join(', ') }, async () => {
    left = await remains(api);
    return left.length === 0 ? true : undefined;
  });
}
