/** The orders in which the API server calls the two webhooks, and what becomes of a pod. docs/guides/eks.md shows them. */

export const ORDERS = (['before', 'after'] as const).flatMap((place) =>
  (['Never', 'IfNeeded'] as const).map((policy) => ({ place, policy })),
);
/** The place of Amazon's webhook, and its reinvocation policy. */
export type Order = (typeof ORDERS)[number];

/**
 * Whether the API server refuses a pod with native variables.
 * @param dropsFileKeyRef whether the types of Amazon's webhook lack the field
 * @param isTwice whether the injector has its second registration
 */
export function isRefused({ place, policy }: Order, dropsFileKeyRef: boolean, isTwice: boolean): boolean {
  return dropsFileKeyRef && place === 'after' && policy === 'IfNeeded' && !isTwice;
}
