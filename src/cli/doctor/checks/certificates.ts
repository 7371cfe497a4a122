/** Whether the API server trusts the certificate of the webhook: the served chain and its names against caBundle. */
import { X509Certificate } from 'node:crypto';
import { printable } from '../../../core/problems/quote.ts';
import { failed, type Result } from '../../../core/problems/result.ts';
import { type Check, type Context, count, type Finding, finding, okay } from '../check.ts';
import type { Peer, Server } from '../network.ts';
import { type ClientConfig, clientConfigOf, registrationsIn } from './registrations.ts';

export const certificates: Check = {
  name: 'certificates',
  about: 'The certificate that the webhook serves, verified as the API server does.',
  async run(context, signal) {
    const items = await context.facts.registrations();
    if (!items.ok) return [items.problem];
    const configs = registrationsIn(items.value).flatMap(({ webhooks }) => webhooks.map(clientConfigOf));
    const distinct = new Map<string, ClientConfig>();
    for (const config of configs)
      if (config !== undefined && config.caBundle !== '') distinct.set(JSON.stringify(config), config);
    if (distinct.size === 0) return [finding('skipped', 'no registration with a caBundle')];
    const judged = [...distinct.values()].slice(0, MOST).map((one) => judge(one, context, signal));
    return (await Promise.all(judged)).flat();
  },
};

/** In an installation there is one, and two while CAs change. */
const MOST = 4;

async function judge(
  config: ClientConfig,
  context: Context,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const authorities = parseBundle(config.caBundle);
  if (authorities === undefined)
    return [finding('fail', 'caBundle does not consist of certificates in PEM', RENEW)];
  const old = authorities.filter(({ validTo }) => Date.parse(validTo) <= context.now());
  if (old.length === authorities.length)
    return [finding('fail', `every certificate of caBundle has expired`, RENEW)];
  const peer = await peerOf(config, context, signal);
  if (!peer.ok) return [peer.problem];
  const found = judgePeer(peer.value, nameOf(config), context.now());
  return old.length === 0
    ? [found]
    : [found, finding('warn', `caBundle contains ${count(old.length, 'expired certificate')}`, RENEW)];
}

const RENEW = 'Renew it: certs/README.md';

function parseBundle(pem: string): readonly X509Certificate[] | undefined {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length === 0 ? undefined : blocks.map((block) => new X509Certificate(block));
  } catch {
    return undefined;
  }
}

/** The name that the API server verifies. */
function nameOf(config: ClientConfig): string {
  if (config.kind === 'service') return `${config.name}.${config.namespace}.svc`;
  return URL.canParse(config.url) ? new URL(config.url).hostname : '';
}

/** Connects as far as that is possible from here. */
async function peerOf(
  config: ClientConfig,
  context: Context,
  signal: AbortSignal,
): Promise<Result<Peer, Finding>> {
  const name = nameOf(config);
  const { caBundle: ca } = config;
  const connect = async (at: Pick<Server, 'host' | 'port'>): Promise<Result<Peer, Finding>> => {
    const peer = await context.network.peer({ ...at, name, ca }, signal);
    return peer.ok ? peer : failed(unreachable(name, peer.problem));
  };
  if (config.kind === 'url') {
    if (name === '') return failed(finding('fail', 'the URL of the registration is not valid'));
    const { hostname, port } = new URL(config.url);
    return await connect({ host: hostname, port: Number(port || 443) });
  }
  if (context.isInPod) return await connect({ host: name, port: config.port });
  const forwarded = await context.network.forward(config);
  if (!forwarded.ok) {
    const isForbidden = /forbidden/i.test(forwarded.problem);
    return failed(
      isForbidden
        ? finding('skipped', `needs the right to create pods/portforward in ${config.namespace}`)
        : unreachable(name, forwarded.problem),
    );
  }
  try {
    return await connect({ host: '127.0.0.1', port: forwarded.value.port });
  } finally {
    forwarded.value.close();
  }
}

function unreachable(name: string, why: string): Finding {
  return finding(
    'skipped',
    `${printable(name)} is not reachable from here (${printable(why, 500)}); the check injection shows whether the API server reaches it`,
  );
}

const EXPLAINED: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet, or a clock is wrong',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is not valid for this name: the Service or the namespace was renamed',
  NO_ALTERNATIVE_NAME: 'it has no subject alternative name, and the API server ignores the common name',
  SELF_SIGNED_CERT_IN_CHAIN: 'caBundle does not contain its CA',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'caBundle does not contain it, and it is self-signed',
  UNABLE_TO_GET_ISSUER_CERT: 'caBundle does not contain its CA',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'caBundle does not contain its CA',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'caBundle does not contain its CA',
  CERT_SIGNATURE_FAILURE: 'caBundle contains another CA of the same name',
};

/** A certificate is renewed long before this share of its lifetime is left. */
const LEAST_LEFT = 0.1;

function judgePeer({ certificate, error }: Peer, name: string, now: number): Finding {
  const served = `the certificate for ${printable(name)}`;
  if (error !== undefined)
    return finding(
      'fail',
      `the API server does not trust ${served}: ${EXPLAINED[error] ?? printable(error)}`,
      'See "The API server rejects the certificate" in docs/guides/troubleshooting.md.',
    );
  const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const until = new Date(to).toISOString();
  return (to - now) / (to - from) < LEAST_LEFT
    ? finding('warn', `${served} expires soon, ${until}, and was not renewed`, RENEW)
    : okay(`the API server trusts ${served}, valid until ${until}`);
}
