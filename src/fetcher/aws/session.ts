/** Signed-in access to Secrets Manager: one reader for each Region, replaced when the credentials expire. */
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import { Findings } from '../../core/problems/findings.ts';
import type { EndpointSettings } from '../process/environment.ts';
import { endpointOf } from './endpoints.ts';
import { PreopenedAgent } from './preopened-agent.ts';
import type { Deadline } from './retry.ts';
import type { Credentials, OpenSecretReader, SecretReader } from './secret-reader.ts';

interface RegionAccess {
  readonly endpoint: URL;
  readonly agent: PreopenedAgent;
}

/** Connections to the Regions of a plan, opened before the sign-in is complete. */
export class Regions {
  readonly findings = new Findings<FetchCode>();
  readonly #access = new Map<string, RegionAccess>();

  /** @param regions the Region of each secret, once for every secret */
  constructor(regions: readonly string[], settings: EndpointSettings) {
    for (const [region, secrets] of Map.groupBy(regions, (one) => one)) {
      const endpoint = this.findings.take(endpointOf('secretsmanager', region, settings));
      if (endpoint !== undefined)
        this.#access.set(region, { endpoint, agent: new PreopenedAgent(endpoint, secrets.length) });
    }
  }

  access(region: string): RegionAccess {
    const access = this.#access.get(region);
    if (access === undefined) throw new RangeError('the plan does not contain this Region');
    return access;
  }

  /** Starts TLS on the open connections. */
  secure(): void {
    for (const { agent } of this.#access.values()) agent.secure();
  }

  close(): void {
    for (const { agent } of this.#access.values()) agent.destroy();
  }
}

type SignIn = (deadline: Deadline) => Promise<Credentials>;

export class Session {
  readonly #regions: Regions;
  readonly #open: OpenSecretReader;
  readonly #signIn: SignIn;
  readonly #readers = new Map<string, SecretReader>();
  #credentials: Credentials;
  #renewal: Promise<boolean> | undefined;

  constructor(regions: Regions, open: OpenSecretReader, credentials: Credentials, signIn: SignIn) {
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

  /** Signs in again, once in the life of a session, whichever caller is first. @returns whether it succeeded */
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
