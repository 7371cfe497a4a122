/** Signed-in access to Secrets Manager: one reader for each Region, made anew when credentials expire. */
import type { FetchProblem } from '../../core/problems/problems.ts';
import type { EndpointSettings } from '../process/environment.ts';
import { endpointOf } from './endpoints.ts';
import { PreopenedAgent } from './preopened-agent.ts';
import type { Deadline } from './retry.ts';
import type { Credentials, OpenSecretReader, SecretReader } from './secret-reader.ts';

interface RegionAccess {
  readonly endpoint: URL;
  readonly agent: PreopenedAgent;
}

/** Connections to the Regions of a plan, opened before the credentials are there. */
export class Regions {
  readonly #access = new Map<string, RegionAccess>();
  readonly problems: FetchProblem[] = [];

  /** @param regions the Region of each secret, once for every secret */
  constructor(regions: readonly string[], settings: EndpointSettings) {
    for (const [region, secrets] of Map.groupBy(regions, (one) => one)) {
      const endpoint = endpointOf('secretsmanager', region, settings);
      if ('code' in endpoint) this.problems.push(endpoint);
      else this.#access.set(region, { endpoint, agent: new PreopenedAgent(endpoint, secrets.length) });
    }
  }

  access(region: string): RegionAccess {
    const access = this.#access.get(region);
    if (access === undefined) throw new RangeError('no such Region in the plan');
    return access;
  }

  /** Begins TLS on the connections that were opened. */
  secure(): void {
    for (const { agent } of this.#access.values()) agent.secure();
  }

  close(): void {
    for (const { agent } of this.#access.values()) agent.destroy();
  }
}

export class Session {
  readonly #regions: Regions;
  readonly #open: OpenSecretReader;
  readonly #signIn: (deadline: Deadline) => Promise<Credentials>;
  readonly #readers = new Map<string, SecretReader>();
  #credentials: Credentials;
  #renewal: Promise<boolean> | undefined;

  constructor(
    regions: Regions,
    open: OpenSecretReader,
    credentials: Credentials,
    signIn: (deadline: Deadline) => Promise<Credentials>,
  ) {
    this.#regions = regions;
    this.#open = open;
    this.#credentials = credentials;
    this.#signIn = signIn;
  }

  reader(region: string): SecretReader {
    const known = this.#readers.get(region);
    if (known !== undefined) return known;
    const reader = this.#open({ region, ...this.#regions.access(region), credentials: this.#credentials });
    this.#readers.set(region, reader);
    return reader;
  }

  /** Signs in again, once in a session's life, whoever asks first. @returns whether new credentials are there */
  renew(deadline: Deadline): Promise<boolean> {
    this.#renewal ??= this.#signIn(deadline).then(
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
