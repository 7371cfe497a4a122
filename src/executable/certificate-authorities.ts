/**
 * The certificate authorities of programs that do not choose their own. The options of the executable select OpenSSL's,
 * which is the only way to keep Node.js from reading all public ones in another thread at each start of the fetcher.
 */
import type tls from 'node:tls';

/** Modules of Node.js that connect with TLS. */
const CONNECTS: ReadonlySet<string> = new Set(['https', 'tls', 'http2']);

/** Wraps `require`, so that connections trust what a plain Node.js trusts. */
export function withNodesAuthorities(
  load: (id: string) => unknown,
  variables: Readonly<Record<string, string | undefined>>,
): (id: string) => unknown {
  let isDone = false;
  return (id) => {
    const module = load(id);
    if (!isDone && CONNECTS.has(id.replace('node:', ''))) {
      isDone = true;
      trustAsNode(load('node:tls') as typeof tls, variables);
    }
    return module;
  };
}

// Source: https://nodejs.org/docs/latest-v24.x/api/cli.html, NODE_EXTRA_CA_CERTS and NODE_USE_SYSTEM_CA.
function trustAsNode(
  { getCACertificates, setDefaultCACertificates }: typeof tls,
  variables: Readonly<Record<string, string | undefined>>,
): void {
  setDefaultCACertificates([
    ...getCACertificates('bundled'),
    ...(variables['NODE_EXTRA_CA_CERTS'] ? getCACertificates('extra') : []),
    ...(variables['NODE_USE_SYSTEM_CA'] === '1' ? getCACertificates('system') : []),
  ]);
}
