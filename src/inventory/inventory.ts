/**
 * Reads the roles of an account, and the secrets of Regions with their resource policies. In a bundle of its own, because it
 * contains the AWS SDK. It calls GetAccountAuthorizationDetails, ListSecrets and GetResourcePolicy, and nothing else: no
 * call returns the value of a secret.
 */
import { GetAccountAuthorizationDetailsCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  GetResourcePolicyCommand,
  ListSecretsCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { SDK_SETTINGS } from '../aws/calls/sdk-settings.ts';
import { readProxy } from '../aws/connections/proxy.ts';
import { trustAuthorities } from '../aws/connections/trust.ts';
import { readAwsEnvironment, type Variables } from '../aws/environment.ts';
import { partitionOf } from '../core/names/regions.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import { INVENTORY_ACTIONS } from './actions.ts';
import { exportedCredentials, type Provider, podCredentials } from './credentials.ts';
import { Sender, Unanswered } from './sender.ts';

export interface InventorySettings {
  /** The first one is also where a pod signs in. */
  readonly regions: readonly [string, ...string[]];
  readonly variables: Variables;
  /** The AWS CLI, outside of a pod. */
  readonly aws: string;
  readonly isInPod: boolean;
  /** What to read. */
  readonly parts: { readonly iam: boolean; readonly secrets: boolean; readonly resourcePolicies: boolean };
}

/** Answers of AWS as JSON, in the forms that the AWS CLI prints. */
export interface Inventory {
  readonly iam: object;
  readonly secrets: readonly object[];
  readonly resourcePolicies: readonly object[];
}

const MOST_PAGES = 10_000;
/** GetResourcePolicy has a quota of 50 calls a second (AWS Secrets Manager User Guide, quotas). */
const AT_ONCE = 4;

/** Reads everything. The problem names the call that failed, without text of the answer. */
export async function readInventory(settings: InventorySettings): Promise<Result<Inventory, string>> {
  const environment = readAwsEnvironment(settings.variables, (file) => file);
  const proxyOf = readProxy(environment.proxy);
  if (!proxyOf.ok) return failed(proxyOf.problem.wrong);
  const untrusted = environment.caBundle === undefined ? undefined : trustAuthorities(environment.caBundle);
  if (untrusted !== undefined) return failed(untrusted.wrong);
  const [home] = settings.regions;
  const credentials = settings.isInPod
    ? await podCredentials(environment, home, proxyOf.value)
    : await exportedCredentials(settings.aws);
  if (!credentials.ok) return credentials;
  const reader = new Reader(settings.variables, credentials.value, new Sender(proxyOf.value));
  try {
    const iam = settings.parts.iam ? await reader.roles(home) : {};
    const secrets: object[] = [];
    const resourcePolicies: object[] = [];
    for (const region of settings.parts.secrets || settings.parts.resourcePolicies ? settings.regions : []) {
      const pages = await reader.secrets(region);
      secrets.push(...pages);
      if (settings.parts.resourcePolicies)
        resourcePolicies.push(...(await reader.resourcePolicies(region, pages)));
    }
    return ok({ iam, secrets, resourcePolicies });
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    return failed(`${error.call} failed: ${error.why}`);
  } finally {
    reader.close();
  }
}

type RequestHandler = NonNullable<SecretsManagerClientConfig['requestHandler']>;

interface ListedSecrets {
  readonly SecretList: readonly { readonly ARN?: string | undefined }[];
}

class CallFailed extends Error {
  readonly call: string;
  readonly why: string;

  constructor(call: string, why: string) {
    super('a call failed');
    this.call = call;
    this.why = why;
  }
}

class Reader {
  readonly #variables: Variables;
  readonly #credentials: Provider;
  readonly #sender: Sender;

  constructor(variables: Variables, credentials: Provider, sender: Sender) {
    this.#variables = variables;
    this.#credentials = credentials;
    this.#sender = sender;
  }

  #settings(region: string, service: 'IAM' | 'SECRETS_MANAGER') {
    const endpoint = this.#variables[`AWS_ENDPOINT_URL_${service}`] || this.#variables['AWS_ENDPOINT_URL'];
    return {
      ...SDK_SETTINGS,
      maxAttempts: 6,
      region,
      credentials: this.#credentials,
      useFipsEndpoint: this.#variables['AWS_USE_FIPS_ENDPOINT'] === 'true',
      useDualstackEndpoint: this.#variables['AWS_USE_DUALSTACK_ENDPOINT'] === 'true',
      ...(endpoint === undefined || endpoint === '' ? {} : { endpoint }),
      requestHandler: this.#sender as unknown as RequestHandler,
    };
  }

  async roles(region: string): Promise<object> {
    const client = new IAMClient(this.#settings(globalRegion(region), 'IAM'));
    // Of all pages: a role and its policies can be on different ones.
    const all = { RoleDetailList: [] as object[], Policies: [] as object[] };
    let Marker: string | undefined;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const input = { Filter: FILTER, MaxItems: 1000, ...(Marker === undefined ? {} : { Marker }) };
      const answer = await attempt(INVENTORY_ACTIONS.roles, () =>
        client.send(new GetAccountAuthorizationDetailsCommand(input)),
      );
      all.RoleDetailList.push(...(answer.RoleDetailList ?? []));
      all.Policies.push(...(answer.Policies ?? []));
      Marker = answer.Marker;
      if (answer.IsTruncated !== true || Marker === undefined) break;
    }
    client.destroy();
    return asJson(all);
  }

  async secrets(region: string): Promise<readonly ListedSecrets[]> {
    const client = new SecretsManagerClient(this.#settings(region, 'SECRETS_MANAGER'));
    const pages: ListedSecrets[] = [];
    let NextToken: string | undefined;
    do {
      const input = {
        IncludePlannedDeletion: true,
        MaxResults: 100,
        ...(NextToken === undefined ? {} : { NextToken }),
      };
      const page = await attempt(`${INVENTORY_ACTIONS.secrets} in ${region}`, () =>
        client.send(new ListSecretsCommand(input)),
      );
      pages.push(asJson({ SecretList: page.SecretList ?? [] }) as ListedSecrets);
      NextToken = page.NextToken;
    } while (NextToken !== undefined && pages.length < MOST_PAGES);
    client.destroy();
    return pages;
  }

  async resourcePolicies(region: string, pages: readonly ListedSecrets[]): Promise<readonly object[]> {
    const client = new SecretsManagerClient(this.#settings(region, 'SECRETS_MANAGER'));
    const arns = pages.flatMap(({ SecretList }) => SecretList.flatMap(({ ARN }) => ARN ?? [])).values();
    const policies: object[] = [];
    const work = async (): Promise<void> => {
      for (const SecretId of arns) {
        const { ARN, ResourcePolicy } = await attempt(
          `${INVENTORY_ACTIONS.resourcePolicies} in ${region}`,
          () => client.send(new GetResourcePolicyCommand({ SecretId })),
        );
        if (ResourcePolicy !== undefined) policies.push({ ARN, ResourcePolicy });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    client.destroy();
    return policies;
  }

  close(): void {
    this.#sender.destroy();
  }
}

/** Users and groups are left out: pods do not sign in as them. */
const FILTER: ('Role' | 'LocalManagedPolicy' | 'AWSManagedPolicy')[] = [
  'Role',
  'LocalManagedPolicy',
  'AWSManagedPolicy',
];

/** IAM is signed for one Region of each partition, which the SDK derives from any other. */
function globalRegion(region: string): string {
  const homes: Readonly<Record<string, string>> = {
    aws: 'us-east-1',
    'aws-cn': 'cn-north-1',
    'aws-us-gov': 'us-gov-west-1',
  };
  return homes[partitionOf(region).id] ?? region;
}

/** Dates become text, as the AWS CLI prints them. */
function asJson(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}

/** The message of an error can quote the answer, and is dropped. */
async function attempt<T>(call: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof Unanswered) throw new CallFailed(call, `no answer (${error.code})`);
    const { name } = error as { readonly name?: unknown };
    const code = typeof name === 'string' && /^\w{1,64}$/.test(name) ? name : 'unknown error';
    throw new CallFailed(call, code);
  }
}
