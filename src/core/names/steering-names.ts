/**
 * Names of variables that change which code a program loads or runs, or whom it trusts. Requested by name, they cause a
 * warning; from `env-from`, where the author of the secret chooses the names, a problem.
 */

/** The names, by the program that reads them. */
export const STEERING_BY_PROGRAM = {
  'many programs': [
    'PATH',
    'SHELL',
    'EDITOR',
    'VISUAL',
    'PAGER',
    'MANPAGER',
    'LESSOPEN',
    'LESSCLOSE',
    'BROWSER',
  ],
  shells: [
    ...['BASH_ENV', 'BASHOPTS', 'BASH_LOADABLES_PATH', 'CDPATH', 'ENV', 'FPATH', 'IFS', 'PROMPT_COMMAND'],
    ...['PS4', 'SHELLOPTS', 'ZDOTDIR'],
  ],
  // ld.so(8), "secure-execution mode": what glibc itself ignores in privileged programs.
  glibc: [
    ...['GCONV_PATH', 'GETCONF_DIR', 'GLIBC_TUNABLES', 'HOSTALIASES', 'LOCALDOMAIN', 'LOCPATH', 'NIS_PATH'],
    ...['NLSPATH', 'RESOLV_HOST_CONF', 'RES_OPTIONS', 'TZDIR'],
  ],
  'Node.js': [
    ...['NODE_EXTRA_CA_CERTS', 'NODE_ICU_DATA', 'NODE_OPTIONS', 'NODE_PATH', 'NODE_REPL_EXTERNAL_MODULE'],
    ...['NODE_TLS_REJECT_UNAUTHORIZED', 'NODE_V8_COVERAGE'],
  ],
  Python: [
    ...['PYTHONBREAKPOINT', 'PYTHONEXECUTABLE', 'PYTHONHOME', 'PYTHONHTTPSVERIFY', 'PYTHONINSPECT'],
    ...['PYTHONPATH', 'PYTHONPLATLIBDIR', 'PYTHONPYCACHEPREFIX', 'PYTHONSTARTUP', 'PYTHONUSERBASE'],
    'PYTHONWARNINGS',
  ],
  Perl: ['PERL5DB', 'PERL5LIB', 'PERL5OPT', 'PERLLIB'],
  Ruby: ['BUNDLE_GEMFILE', 'GEM_HOME', 'GEM_PATH', 'RUBYLIB', 'RUBYOPT', 'RUBYSHELL'],
  Java: ['CLASSPATH', 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS'],
  '.NET': ['DOTNET_ADDITIONAL_DEPS', 'DOTNET_SHARED_STORE', 'DOTNET_STARTUP_HOOKS'],
  PHP: ['PHPRC', 'PHP_INI_SCAN_DIR'],
  'other languages': [
    ...['ELIXIR_ERL_OPTIONS', 'ERL_AFLAGS', 'ERL_FLAGS', 'ERL_LIBS', 'ERL_ZFLAGS', 'GODEBUG', 'LUA_CPATH'],
    ...['LUA_INIT', 'LUA_PATH', 'R_ENVIRON', 'R_LIBS', 'R_PROFILE'],
  ],
  Git: [
    ...['GIT_ASKPASS', 'GIT_EDITOR', 'GIT_EXEC_PATH', 'GIT_EXTERNAL_DIFF', 'GIT_PAGER', 'GIT_PROXY_COMMAND'],
    ...['GIT_SEQUENCE_EDITOR', 'GIT_SSH', 'GIT_SSH_COMMAND', 'GIT_SSL_NO_VERIFY', 'GIT_TEMPLATE_DIR'],
  ],
  TLS: [
    ...['AWS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'OPENSSL_CONF', 'OPENSSL_ENGINES', 'OPENSSL_MODULES'],
    ...['REQUESTS_CA_BUNDLE', 'SSLKEYLOGFILE', 'SSL_CERT_DIR', 'SSL_CERT_FILE'],
  ],
} as const;

/** Every name of the list. */
export const STEERING_NAMES: readonly string[] = Object.values(STEERING_BY_PROGRAM).flat();

/** Families of which every name counts. */
export const STEERING_PREFIXES: readonly string[] = [
  'LD_',
  'DYLD_',
  'MALLOC_',
  'COR_',
  'CORECLR_',
  'GIT_CONFIG',
];

const STEERING: ReadonlySet<string> = new Set(STEERING_NAMES);

/** Whether a variable changes which code a program loads or runs, or whom it trusts. */
export function isSteering(name: string): boolean {
  return STEERING.has(name) || STEERING_PREFIXES.some((prefix) => name.startsWith(prefix));
}
