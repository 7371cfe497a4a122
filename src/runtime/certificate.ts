/** What certificates of the webhook consist of. `x509.ts` creates them. */

/** A certificate and its key, in PEM. */
export interface PemPair {
  readonly cert: string;
  readonly key: string;
}

/** When a certificate is issued, and for how long it is valid from then, in milliseconds. */
export interface Validity {
  readonly issuedAt: number;
  readonly lifetime: number;
}

/** The clocks of machines differ: a certificate must not start in the future on any of them. In milliseconds. */
export const BACKDATED = 60 * 60 * 1000;

/** The DNS names of a Service, under which API servers and tests call it. */
export function serviceNames(service: string, namespace: string): readonly string[] {
  return [`${service}.${namespace}.svc`, `${service}.${namespace}.svc.cluster.local`];
}
