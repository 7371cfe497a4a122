/** The fetcher's settings. Only this file reads environment variables and arguments. */
import path from 'node:path';
import {
  CA_BUNDLE_VARIABLE,
  HTTPS_PROXY_VARIABLE,
  NO_PROXY_VARIABLE,
} from '../../core/names/network-variables.ts';
import { isRegion } from '../../core/names/regions.ts';
import { validSessionName } from '../../core/names/session-name.ts';
import { VIEWS_DIRECTORY } from '../../core/names/volume-layout.ts';
import { PLAN_VARIABLE } from '../../core/plan/plan.ts';
import { TERMINATION_LOG } from '../../runtime/termination-message.ts';

export interface Environment {
  readonly planText: string | undefined;
  readonly roleArn: string | undefined;
  readonly tokenFile: string | undefined;
  readonly hasPodIdentity: boolean;
  readonly sessionName: string;
  /** Region of STS; by default the Region of the first secret. */
  readonly region: string | undefined;
  /** Variables that are set, but not used because of their value. */
  readonly ignored: readonly string[];
  readonly endpoints: EndpointSettings;
  readonly proxy: ProxySettings;
  /** Certificates of further certificate authorities, in PEM. */
  readonly caBundle: string | undefined;
  readonly viewsDirectory: string;
  readonly terminationLog: string;
}

export interface EndpointSettings {
  readonly sts: string | undefined;
  readonly secretsManager: string | undefined;
  readonly fips: boolean;
  readonly dualStack: boolean;
}

/** The operator's proxy. The variables that other programs read, such as HTTPS_PROXY, have no effect. */
export interface ProxySettings {
  readonly httpsProxy: string | undefined;
  readonly noProxy: string | undefined;
}

/** In the order of precedence. */
const REGION_VARIABLES = ['AWS_REGION', 'AWS_DEFAULT_REGION'];

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings. Static credentials, profiles and instance metadata are not among them.
 * @param root a directory to use instead of `/`, to run outside a container
 */
export function readEnvironment(variables: Variables, root: string): Environment {
  const absolute = (file: string) => (root === '/' ? file : path.join(root, file));
  const text = (name: string) => variables[name] || undefined;
  const tokenFile = text('AWS_WEB_IDENTITY_TOKEN_FILE');
  const ignoreEndpoints = variables['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true';
  const endpoint = (name: string) => (ignoreEndpoints ? undefined : (text(name) ?? text('AWS_ENDPOINT_URL')));
  // A Region becomes part of the host that gets the token.
  const isUsable = (name: string) => isRegion(text(name) ?? '');
  const region = REGION_VARIABLES.find(isUsable);
  return {
    planText: variables[PLAN_VARIABLE],
    roleArn: text('AWS_ROLE_ARN'),
    tokenFile: tokenFile === undefined ? undefined : absolute(tokenFile),
    hasPodIdentity: text('AWS_CONTAINER_CREDENTIALS_FULL_URI') !== undefined,
    sessionName: validSessionName(text('AWS_ROLE_SESSION_NAME') ?? 'aws-secrets-injector'),
    region: region === undefined ? undefined : text(region),
    ignored: REGION_VARIABLES.filter((name) => text(name) !== undefined && !isUsable(name)),
    endpoints: {
      sts: endpoint('AWS_ENDPOINT_URL_STS'),
      secretsManager: endpoint('AWS_ENDPOINT_URL_SECRETS_MANAGER'),
      fips: variables['AWS_USE_FIPS_ENDPOINT'] === 'true',
      dualStack: variables['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
    },
    proxy: { httpsProxy: text(HTTPS_PROXY_VARIABLE), noProxy: text(NO_PROXY_VARIABLE) },
    caBundle: text(CA_BUNDLE_VARIABLE),
    viewsDirectory: absolute(VIEWS_DIRECTORY),
    terminationLog: absolute(TERMINATION_LOG),
  };
}
