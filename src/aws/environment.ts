/** The settings of calls to AWS, from the environment variables of a pod. */
import {
  ASSUME_ROLE_VARIABLE,
  EXTERNAL_ID_VARIABLE,
  POD_NAME_VARIABLE,
  ROLE_TOKEN_FILE,
  SERVICE_ACCOUNT_VARIABLE,
} from '../core/names/identity-variables.ts';
import {
  CA_BUNDLE_VARIABLE,
  HTTPS_PROXY_VARIABLE,
  NO_PROXY_VARIABLE,
} from '../core/names/network-variables.ts';
import { isRegion } from '../core/names/regions.ts';
import { validSessionName } from '../core/names/session-name.ts';

export interface AwsEnvironment {
  readonly identity: Identity;
  /** Region of STS; by default the Region of the first secret. */
  readonly region: string | undefined;
  /** Variables that are set, but not used because of their value. */
  readonly ignored: readonly string[];
  readonly endpoints: EndpointSettings;
  readonly proxy: ProxySettings;
  /** Certificates of further certificate authorities, in PEM. */
  readonly caBundle: string | undefined;
}

/** The identity of the pod, as webhooks set it. Every part can be missing. */
export interface Identity {
  readonly roleArn: string | undefined;
  readonly tokenFile: string | undefined;
  /** Whether the token is the injector's own, for the annotation `role-arn`. */
  readonly isRoleToken: boolean;
  /** The endpoint of the EKS Pod Identity Agent, and the file with the token for it. */
  readonly credentialsUri: string | undefined;
  readonly credentialsTokenFile: string | undefined;
  readonly sessionName: string;
  /** The role to assume with the credentials of the pod. */
  readonly assumeRoleArn: string | undefined;
  readonly externalId: string | undefined;
  readonly pod: PodFacts;
}

/** The pod, for messages and session tags. */
export interface PodFacts {
  readonly namespace: string | undefined;
  readonly serviceAccount: string | undefined;
  readonly name: string | undefined;
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

export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings. Static credentials, profiles and instance metadata are not among them.
 * @param absolute makes the path of a file absolute
 */
export function readAwsEnvironment(variables: Variables, absolute: (file: string) => string): AwsEnvironment {
  const text = (name: string) => variables[name] || undefined;
  const ignoreEndpoints = variables['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true';
  const endpoint = (name: string) => (ignoreEndpoints ? undefined : (text(name) ?? text('AWS_ENDPOINT_URL')));
  // A Region becomes part of the host that gets the token.
  const isUsable = (name: string) => isRegion(text(name) ?? '');
  const region = REGION_VARIABLES.find(isUsable);
  return {
    identity: readIdentity(text, absolute),
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
  };
}

function readIdentity(
  text: (name: string) => string | undefined,
  absolute: (file: string) => string,
): Identity {
  const file = (name: string) => {
    const written = text(name);
    return written === undefined ? undefined : absolute(written);
  };
  const [namespace, serviceAccount] = (text(SERVICE_ACCOUNT_VARIABLE) ?? '').split('/', 2);
  return {
    roleArn: text('AWS_ROLE_ARN'),
    tokenFile: file('AWS_WEB_IDENTITY_TOKEN_FILE'),
    isRoleToken: text('AWS_WEB_IDENTITY_TOKEN_FILE') === ROLE_TOKEN_FILE,
    credentialsUri: text('AWS_CONTAINER_CREDENTIALS_FULL_URI'),
    credentialsTokenFile: file('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'),
    sessionName: validSessionName(text('AWS_ROLE_SESSION_NAME') ?? 'aws-secrets-injector'),
    assumeRoleArn: text(ASSUME_ROLE_VARIABLE),
    externalId: text(EXTERNAL_ID_VARIABLE),
    pod: {
      namespace: namespace || undefined,
      serviceAccount: serviceAccount || undefined,
      name: text(POD_NAME_VARIABLE),
    },
  };
}
