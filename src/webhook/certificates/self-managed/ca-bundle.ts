/** The CAs in `caBundle` of a registration: which must be there, and which may stay. */
import { X509Certificate } from 'node:crypto';
import type { Authority } from './authority.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]{1,20000}-----END CERTIFICATE-----/g;
/** More exist only if something deletes the Secret again and again. */
const MOST = 10;

/** The certificates in a PEM text, in order. Anything else in it is left out. */
export function readBundle(pem: string): readonly X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).flatMap((one) => {
    try {
      return [new X509Certificate(one)];
    } catch {
      return [];
    }
  });
}

/** Whether a bundle contains a CA. */
export function contains(pem: string, { x509 }: Authority): boolean {
  return readBundle(pem).some(({ raw }) => raw.equals(x509.raw));
}

/**
 * The bundle as it should be: it keeps the present certificates until they expire, because other replicas may still use
 * certificates of these CAs, and adds the needed ones.
 * @param present the PEM texts of all webhooks of the registration @param now in milliseconds
 */
export function completeBundle(
  present: readonly string[],
  needed: readonly Authority[],
  now: number,
): string {
  const all = new Map<string, X509Certificate>();
  for (const one of [...present.flatMap(readBundle), ...needed.map(({ x509 }) => x509)])
    if (now <= one.validToDate.getTime()) all.set(one.toString(), one);
  const isNeeded = (pem: string): boolean => needed.some(({ cert }) => cert === pem);
  const superfluous = [...all]
    .filter(([pem]) => !isNeeded(pem))
    .sort(([, a], [, b]) => b.validFromDate.getTime() - a.validFromDate.getTime())
    .slice(Math.max(0, MOST - needed.length));
  for (const [pem] of superfluous) all.delete(pem);
  return [...all.keys()].join('');
}
