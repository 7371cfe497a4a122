/** The operator's proxy: which endpoints it is for. */
import { HTTPS_PROXY_VARIABLE, NO_PROXY_VARIABLE } from '../../core/names/network-variables.ts';
import type { FetchProblem } from '../../core/problems/problems.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { bypassesProxy, parseNoProxy, parseProxy } from '../../runtime/proxy.ts';
import type { ProxySettings } from '../environment.ts';

/** Returns the proxy for an endpoint, or undefined for a direct connection. */
export type ProxyOf = (endpoint: URL) => URL | undefined;

/** Reads the operator's settings. The problem does not quote them: a URL may contain credentials. */
export function readProxy({ httpsProxy, noProxy }: ProxySettings): Result<ProxyOf, FetchProblem> {
  if (httpsProxy === undefined) return ok(() => undefined);
  const proxy = parseProxy(httpsProxy);
  if (proxy === undefined)
    return failed(invalid(HTTPS_PROXY_VARIABLE, 'the value is not the URL of an http proxy'));
  const entries = parseNoProxy(noProxy ?? '');
  if (entries === undefined) return failed(invalid(NO_PROXY_VARIABLE, 'the value is not a list of hosts'));
  return ok((endpoint) => (bypassesProxy(entries, endpoint) ? undefined : proxy));
}

function invalid(subject: string, wrong: string): FetchProblem {
  return {
    code: 'AWS_UNAVAILABLE',
    subject,
    wrong,
    expected:
      'create the pod again; the webhook sets the variable from the settings https-proxy and no-proxy',
  };
}
