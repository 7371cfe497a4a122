/** A fake of the EKS Pod Identity Agent, which gives pods the credentials of their associated role over plain HTTP. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { StandIn } from './contract.ts';
import { deliver, isSilent } from './deliver.ts';
import type { TokenIssuer } from './issuer.ts';
import { type AgentState, answerAgent, claimsOf, type PodIdentity } from './pod-identity-answers.ts';
import { type AgentFault, AgentFaultScript } from './pod-identity-faults.ts';
import { matchesWildcard } from './wildcard.ts';

export interface PodIdentityAgentOptions {
  /** The AWS fake that accepts the credentials. Its roles are the roles of the associations. */
  readonly aws: StandIn;
  /** The issuer of the tokens. Default: the issuer of the AWS fake, whose `issueToken` creates tokens. */
  readonly issuer?: TokenIssuer;
  /** The addresses to listen on. Default: 127.0.0.1. The real agent has 169.254.170.23 and fd00:ec2::23. */
  readonly hosts?: readonly string[];
  /** Default: a free port. The real agent has 80. */
  readonly port?: number;
  /** If false, the agent refuses connections until `listen` is called. Default: true. */
  readonly ready?: boolean;
  /** The clock in milliseconds since 1970. */
  readonly now?: () => number;
}

/** An association of a role with service accounts. `*` and `?` are wildcards in both names. */
export interface PodIdentityAssociation {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly roleArn: string;
  /** How long the credentials are valid. Default: 21600, as in EKS. */
  readonly durationSeconds?: number;
}

/** A request to the agent. It contains neither the token nor the credentials. */
export interface AgentRequest extends Partial<PodIdentity> {
  readonly method: string;
  readonly path: string;
  /** The address that the client connected to. */
  readonly address: string;
  readonly fault: AgentFault['kind'] | undefined;
  /** Undefined until the response, and always if a fault prevents any response. */
  readonly status: number | undefined;
  /** The code of EKS Auth. */
  readonly errorCode: string | undefined;
}

export interface PodIdentityAgent extends AsyncDisposable {
  /** The value of AWS_CONTAINER_CREDENTIALS_FULL_URI, for the first address. */
  readonly url: string;
  /** The same for every address. */
  readonly urls: readonly string[];
  readonly port: number;
  /** Adds an association. If several match a service account, the last one counts. */
  associate(association: PodIdentityAssociation): void;
  /** Accepts connections. */
  listen(): Promise<void>;
  /** Closes all connections and refuses new ones, as if the agent did not run. */
  refuse(): Promise<void>;
  /** Queues faults. Each applies to the next matching request, in this order. */
  script(...faults: AgentFault[]): void;
  /** Queued faults that have not applied to a request yet. */
  readonly pendingFaults: readonly AgentFault[];
  /** Every request since the start or the last reset, in order of arrival. */
  readonly requests: readonly AgentRequest[];
  /** Clears faults and requests, but keeps associations. */
  reset(): void;
  stop(): Promise<void>;
}

/** EKS Pod Identity, "Session tags": transitive tags of every session. */
const SESSION_TAGS = [
  'eks-cluster-arn',
  'eks-cluster-name',
  'kubernetes-namespace',
  'kubernetes-service-account',
  'kubernetes-pod-name',
  'kubernetes-pod-uid',
];

/** Starts the agent. @throws Error if it cannot listen */
export async function startPodIdentityAgent(options: PodIdentityAgentOptions): Promise<PodIdentityAgent> {
  const { aws, hosts = ['127.0.0.1'], now = Date.now } = options;
  const associations: PodIdentityAssociation[] = [];
  const faults = new AgentFaultScript();
  const requests: { -readonly [K in keyof AgentRequest]: AgentRequest[K] }[] = [];
  const state: AgentState = {
    hosts,
    issuer: options.issuer ?? aws.tokenIssuer,
    now,
    startSession: (identity) => {
      const found = associations.findLast((each) => isOf(each, identity));
      if (found === undefined) return undefined;
      // As EKS names it: the cluster, the pod, and an identifier.
      const name = `eks-cluster-${identity.pod}`.slice(0, 64);
      return aws.startSession(found.roleArn, name, found.durationSeconds ?? 21_600, SESSION_TAGS);
    },
  };
  let stopping = new AbortController();

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    message.resume();
    await once(message, 'end');
    const { headers, method = '', socket, url: path = '' } = message;
    const identity = claimsOf(headers.authorization ?? '');
    const fault = faults.take(identity?.namespace);
    const address = socket.localAddress ?? '';
    const entry = { ...identity, method, path, address, fault: fault?.kind };
    const logged: (typeof requests)[number] = { ...entry, status: undefined, errorCode: undefined };
    requests.push(logged);
    const reply = await answerAgent({ path, headers }, fault, state);
    if (!isSilent(delivery(fault))) {
      logged.status = reply.status;
      logged.errorCode = reply.errorCode;
    }
    await deliver(reply, {
      response,
      socket,
      fault: delivery(fault),
      stopped: stopping.signal,
      resetConnection: () => void socket.resetAndDestroy(),
    });
  }

  let servers: readonly Server[] = [];
  let port = options.port ?? 0;
  const listen = async (): Promise<void> => {
    if (servers.length > 0) return;
    stopping = new AbortController();
    servers = hosts.map(() =>
      createServer((message, response) => {
        // The client disconnected, or the agent is stopping, so nobody would receive a response.
        serve(message, response).catch(() => message.socket.destroy());
      }),
    );
    for (const [index, server] of servers.entries()) {
      server.listen({ host: hosts[index], port });
      await once(server, 'listening');
      port = (server.address() as AddressInfo).port;
    }
  };
  const refuse = async (): Promise<void> => {
    stopping.abort();
    const closing = servers;
    servers = [];
    await Promise.all(
      closing.map(async (server) => {
        const closed = once(server, 'close');
        server.close();
        server.closeAllConnections();
        await closed;
      }),
    );
  };
  const ready = options.ready ?? true;
  // A free port is known only after the agent has listened once.
  if (ready || port === 0) await listen();
  if (!ready) await refuse();
  const urls = hosts.map((host) => urlOf(host, port));
  return {
    url: urls[0] ?? '',
    urls,
    port,
    associate: (association) => void associations.push(association),
    listen,
    refuse,
    script: (...all) => faults.add(all),
    get pendingFaults() {
      return faults.pending;
    },
    get requests() {
      return requests;
    },
    reset: () => {
      faults.clear();
      requests.length = 0;
    },
    stop: refuse,
    [Symbol.asyncDispose]: refuse,
  };
}

function urlOf(host: string, port: number): string {
  const authority = host.includes(':') ? `[${host}]` : host;
  return `http://${authority}${port === 80 ? '' : `:${port}`}/v1/credentials`;
}

function isOf(association: PodIdentityAssociation, identity: PodIdentity): boolean {
  return (
    matchesWildcard(association.namespace, identity.namespace) &&
    matchesWildcard(association.serviceAccount, identity.serviceAccount)
  );
}

type Delivered = Parameters<typeof deliver>[1]['fault'];

/** The part of a fault that concerns the delivery. */
function delivery(fault: AgentFault | undefined): Delivered {
  switch (fault?.kind) {
    case 'slow':
      return { kind: fault.kind, ms: fault.ms };
    case 'hang':
    case 'reset':
      return fault.afterBytes === undefined
        ? { kind: fault.kind }
        : { kind: fault.kind, afterBytes: fault.afterBytes };
    case 'truncated':
    case 'truncatedJson':
      return { kind: fault.kind };
    default:
      return undefined;
  }
}
