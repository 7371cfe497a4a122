/**
 * Environment variables that would steer the runtime of the injected containers: the dynamic linker, the C library,
 * OpenSSL, Node.js and the AWS SDK. Other webhooks, such as those of monitoring agents, add variables to every container of
 * a pod. Only the operator may set one of these for the injected containers; the same variable from elsewhere is rejected
 * by name (`REFUSED`), or the programs ignore it (`IGNORED`). Everything else is harmless.
 *
 * The webhook, the guard's policies, the programs and the tests use these lists. `*` at the end matches any characters.
 */
import {
  ASSUME_ROLE_VARIABLE,
  EXTERNAL_ID_VARIABLE,
  POD_NAME_VARIABLE,
  SERVICE_ACCOUNT_VARIABLE,
} from './identity-variables.ts';
import { CA_BUNDLE_VARIABLE, HTTPS_PROXY_VARIABLE, NO_PROXY_VARIABLE } from './network-variables.ts';
import { TRACES_ENDPOINT_VARIABLE } from './trace-variables.ts';

/**
 * Acts before the first line of a program: the dynamic linker and the C library load code and configuration, and Node.js
 * creates files or ends with an error. The programs reject the ones that they still see.
 */
export const ACTS_BEFORE_START: readonly string[] = [
  'LD_*',
  'GCONV_PATH',
  'GLIBC_TUNABLES',
  'HOSTALIASES',
  'LOCPATH',
  'RESOLV_HOST_CONF',
  'NODE_CHANNEL_FD',
  'NODE_COMPILE_CACHE',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_V8_COVERAGE',
];

/** Runs foreign code, creates files, or changes where the fetcher connects to, what it trusts there, and which role it assumes. */
export const REFUSED: readonly string[] = [
  ...ACTS_BEFORE_START,
  'AWS_ENDPOINT_URL*',
  'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS',
  CA_BUNDLE_VARIABLE,
  HTTPS_PROXY_VARIABLE,
  NO_PROXY_VARIABLE,
  TRACES_ENDPOINT_VARIABLE,
  SERVICE_ACCOUNT_VARIABLE,
  POD_NAME_VARIABLE,
  ASSUME_ROLE_VARIABLE,
  EXTERNAL_ID_VARIABLE,
];

/**
 * Would act later. The executable does not read options from the environment, and the programs start again without these
 * variables before they do anything else.
 */
export const CLEARED: readonly string[] = [
  'LOCALDOMAIN',
  'MALLOC_*',
  'NODE_*',
  'OPENSSL_*',
  'RES_OPTIONS',
  'SSL_*',
  'SSLKEYLOGFILE',
  'UV_*',
];

/** Common variables that match `CLEARED` and that neither Node.js nor the programs read as a setting. */
const NOT_CLEARED: ReadonlySet<string> = new Set(['NODE_ENV', 'NODE_NAME']);

/** Has no effect on what the programs do. An entry of `REFUSED` takes precedence. */
export const IGNORED: readonly string[] = [
  ...CLEARED,
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
const ACTS = matcher(ACTS_BEFORE_START);
const CLEARS = matcher(CLEARED);

/** Whether a variable set by someone else in an injected container is refused or ignored; undefined if it is harmless. */
export function steeringOf(name: string): 'refused' | 'ignored' | undefined {
  if (REFUSES(name)) return 'refused';
  return IGNORES(name) ? 'ignored' : undefined;
}

/** Whether a program that starts with this variable rejects it or restarts without it; undefined if it does neither. */
export function atStart(name: string): 'reject' | 'clear' | undefined {
  if (ACTS(name)) return 'reject';
  return CLEARS(name) && !NOT_CLEARED.has(name) ? 'clear' : undefined;
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
