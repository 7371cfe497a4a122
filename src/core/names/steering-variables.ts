/**
 * Environment variables that would steer the runtime of the injected containers: the dynamic linker, OpenSSL, Node.js and
 * the AWS SDK. Other webhooks, such as those of monitoring agents, add variables to every container of a pod. Only the
 * operator may set one of these for the injected containers; the same variable from elsewhere is rejected by name
 * (`REFUSED`), or the programs ignore it (`IGNORED`). Everything else is harmless.
 *
 * The webhook, the guard's policies and the fetcher's tests use these lists. `*` at the end matches any characters.
 */

/** Acts before the programs can prevent it: runs foreign code, weakens TLS, sends the token elsewhere, or prints traffic. */
export const REFUSED: readonly string[] = [
  // Move to IGNORED (which lists NODE_*) once Node.js starts without options from the environment: delete this line.
  'NODE_OPTIONS',
  'NODE_COMPILE_CACHE',
  'NODE_DEBUG',
  'NODE_DEBUG_NATIVE',
  'NODE_V8_COVERAGE',
  'LD_*',
  'OPENSSL_*',
  'GCONV_PATH',
  'GLIBC_TUNABLES',
  'HOSTALIASES',
  'LOCPATH',
  'RESOLV_HOST_CONF',
  'AWS_ENDPOINT_URL*',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
];

/** Has no effect on what the programs do. An entry of `REFUSED` takes precedence. */
export const IGNORED: readonly string[] = [
  'NODE_*',
  'UV_*',
  'MALLOC_*',
  'SSL_*',
  'SSLKEYLOGFILE',
  'AWS_CA_BUNDLE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
];

const REFUSES = matcher(REFUSED);
const IGNORES = matcher(IGNORED);

/** What becomes of a variable that another webhook or user sets in an injected container; undefined if it is harmless. */
export function steeringOf(name: string): 'refused' | 'ignored' | undefined {
  if (REFUSES(name)) return 'refused';
  return IGNORES(name) ? 'ignored' : undefined;
}

/** The exact names and the prefixes of a list. */
export function namesAndPrefixes(patterns: readonly string[]): {
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
} {
  return {
    names: patterns.filter((pattern) => !pattern.endsWith('*')),
    prefixes: patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1)),
  };
}

function matcher(patterns: readonly string[]): (name: string) => boolean {
  const { names, prefixes } = namesAndPrefixes(patterns);
  const exact = new Set(names);
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}
