/** The fetcher's settings: the one file that looks at the process's variables and arguments. */
import path from 'node:path';
import { VIEWS_DIRECTORY } from '../../core/names/volume-layout.ts';
import { PLAN_VARIABLE } from '../../core/plan/plan.ts';

export interface Environment {
  readonly planText: string | undefined;
  readonly roleArn: string | undefined;
  readonly tokenFile: string | undefined;
  readonly hasPodIdentity: boolean;
  readonly sessionName: string;
  /** Region of STS; without one the first secret's Region is taken. */
  readonly region: string | undefined;
  readonly endpoints: EndpointSettings;
  readonly viewsDirectory: string;
  readonly terminationLog: string;
}

export interface EndpointSettings {
  readonly sts: string | undefined;
  readonly secretsManager: string | undefined;
  readonly fips: boolean;
  readonly dualStack: boolean;
}

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings. Static credentials, profiles and instance metadata are not among them.
 * @param root a directory to take for `/`, for running outside a container
 */
export function readEnvironment(variables: Variables, root: string): Environment {
  const absolute = (file: string) => (root === '/' ? file : path.join(root, file));
  const text = (name: string) => variables[name] || undefined;
  const tokenFile = text('AWS_WEB_IDENTITY_TOKEN_FILE');
  const ignoreEndpoints = variables['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true';
  const endpoint = (name: string) => (ignoreEndpoints ? undefined : (text(name) ?? text('AWS_ENDPOINT_URL')));
  return {
    planText: variables[PLAN_VARIABLE],
    roleArn: text('AWS_ROLE_ARN'),
    tokenFile: tokenFile === undefined ? undefined : absolute(tokenFile),
    hasPodIdentity: text('AWS_CONTAINER_CREDENTIALS_FULL_URI') !== undefined,
    sessionName: validSessionName(text('AWS_ROLE_SESSION_NAME') ?? 'aws-secrets-injector'),
    region: text('AWS_REGION') ?? text('AWS_DEFAULT_REGION'),
    endpoints: {
      sts: endpoint('AWS_ENDPOINT_URL_STS'),
      secretsManager: endpoint('AWS_ENDPOINT_URL_SECRETS_MANAGER'),
      fips: variables['AWS_USE_FIPS_ENDPOINT'] === 'true',
      dualStack: variables['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    },
    viewsDirectory: absolute(VIEWS_DIRECTORY),
    terminationLog: absolute('/dev/termination-log'),
  };
}

/** STS takes 2 to 64 of `\w+=,.@-` as a session's name. */
function validSessionName(text: string): string {
  return text
    .replace(/[^\w+=,.@-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-');
}

/** The root directory named by `--root`, `/` without it; undefined if the arguments are not understood. */
export function readRoot(argv: readonly string[]): string | undefined {
  const [flag, value, ...rest] = argv;
  if (flag === undefined) return '/';
  if (flag.startsWith('--root=') && value === undefined) return path.resolve(flag.slice('--root='.length));
  return flag === '--root' && value !== undefined && rest.length === 0 ? path.resolve(value) : undefined;
}
