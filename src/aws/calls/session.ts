/** Signed-in access to Secrets Manager: one reader for each Region, replaced when the credentials expire. */
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import { Findings } from '../../core/problems/findings.ts';
import { ConnectionPool } from '../connections/connection-pool.ts';
import type { ProxyOf } from '../connections/proxy.ts';
import type { EndpointSettings } from '../environment.ts';
import { endpointOf } from './endpoints.ts';
import { type AwsTarget, requestAws } from './request.ts';
import type { Credentials, OpenSecretReader, SecretReader } from './secret-reader.ts';

/**
 * Connections to the Regions of a plan, opened before the sign-in is complete. Connections to the Regions of replicas are
 * opened when they are needed.
 */
export class Regions {
  readonly findings = new Findings<FetchCode>();
  readonly #targets = new Map<string, AwsTarget>();

  readonly #replicas = new Map<string, URL>();
  readonly #proxyOf: ProxyOf;

  /**
   * @param regions the Region of each secret, once for every secret
   * @param failover the Regions of replicas
   */
  constructor(
    regions: readonly string[],
    settings: EndpointSettings,
    proxyOf: ProxyOf,
    failover: readonly string[] = [],
  ) {
    this.#proxyOf = proxyOf;
    for (const [region, secrets] of Map.groupBy(regions, (one) => one)) {
      const endpoint = this.findings.take(endpointOf('secretsmanager', region, settings));
      if (endpoint !== undefined) this.#open(region, endpoint, secrets.length);
    }
    for (const region of failover) {
      const endpoint = this.#targets.has(region) ? undefined : endpointOf('secretsmanager', region, settings);
      // Without an endpoint for replicas there is none for the secrets, which was found above.
      if (endpoint?.ok === true) this.#replicas.set(region, endpoint.value);
    }
  }

  target(region: string): AwsTarget {
    const target = this.#targets.get(region);
    if (target !== undefined) return target;
    const endpoint = this.#replicas.get(region);
    if (endpoint === undefined) throw new RangeError('the plan does not contain this Region');
    return this.#open(region, endpoint, 0);
  }

  /** @param connections how many to open in advance */
  #open(region: string, endpoint: URL, connections: number): AwsTarget {
    const pool = new ConnectionPool(endpoint, connections, this.#proxyOf(endpoint));
    const target = { service: 'secretsmanager', endpoint, pool } as const;
    this.#targets.set(region, target);
    return target;
  }

  /** Starts TLS on the open connections. */
  secure(): void {
    for (const { pool } of this.#targets.values()) pool.secure();
  }
}

type SignIn = () => Promise<Credentials>;

export class Session {
  readonly #regions: Regions;
  readonly #open: OpenSecretReader;
  readonly #signIn: SignIn;
  readonly #readers = new Map<string, SecretReader>();
  /** The role of the session, if it is known. */
  readonly roleArn: string | undefined;
  #credentials: Credentials;
  #renewal: Promise<boolean> | undefined;

  constructor(
    regions: Regions,
    open: OpenSecretReader,
    credentials: Credentials,
    source: { readonly roleArn: string | undefined; readonly signIn: SignIn },
  ) {
    this.#regions = regions;
    this.#open = open;
    this.#credentials = credentials;
    this.#signIn = source.signIn;
    this.roleArn = source.roleArn;
  }

  reader(region: string): SecretReader {
    const known = this.#readers.get(region);
    if (known !== undefined) return known;
    const target = this.#regions.target(region);
    const reader = this.#open({
      region,
      endpoint: target.endpoint,
      credentials: this.#credentials,
      send: (request, signal) => requestAws(target, request, signal),
    });
    this.#readers.set(region, reader);
    return reader;
  }

  /** Signs in again, once in the life of a session, whichever caller is first. @returns whether it succeeded */
  renew(): Promise<boolean> {
    this.#renewal ??= this.#signIn().then(
      (credentials) => {
        this.#credentials = credentials;
        this.#readers.clear();
        return true;
      },
      () => false,
    );
    return this.#renewal;
  }
}
