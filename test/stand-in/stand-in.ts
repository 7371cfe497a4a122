import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { AwsError } from './aws-error.ts';
import { makeCertificate, type TlsMaterial } from './certificates.ts';
import { Connections } from './connections.ts';
import { deliver, isSilent } from './deliver.ts';
import { type Fault, FaultScript } from './faults.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import { makeIssuer, type TokenClaims, type TokenIssuer } from './issuer.ts';
import type { Operation } from './operations.ts';
import { errorReply } from './reply.ts';
import { type OpenRequest, type Peak, RequestLog, type StandInRequest } from './request-log.ts';
import type { Role } from './roles.ts';
import { type SecretHandle, type SecretInput, SecretStore } from './secrets.ts';
import { answer, type ServiceState } from './service.ts';
import { type Session, Sessions } from './sessions.ts';

export interface StandInOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default any free one. */
  readonly port?: number;
  /** Further names or addresses in the certificate. */
  readonly extraNames?: readonly string[];
  /** Instead of a certificate made at start. */
  readonly tls?: TlsMaterial;
  /** Whose tokens STS accepts; default an issuer of its own, which `issueToken` uses. */
  readonly issuer?: TokenIssuer;
  /** The clock of both services, in milliseconds since 1970. */
  readonly now?: () => number;
}

export interface StandIn {
  /** Serves STS and Secrets Manager of every Region: the signature tells the Region. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
  readonly issuer: string;
  /** A projected service account token as kubelet writes it. */
  issueToken(claims: TokenClaims): Promise<string>;
  /** Adds or replaces a role. */
  putRole(role: Role): void;
  putSecret(secret: SecretInput): SecretHandle;
  /** Credentials of a role without asking STS. */
  startSession(roleArn: string, sessionName?: string, durationSeconds?: number): Session;
  /** Every request since the start or the last reset, in order of arrival. */
  readonly requests: readonly StandInRequest[];
  readonly peak: Peak;
  /** Sockets accepted since the start. */
  readonly connectionsOpened: number;
  /** Queues faults. Each answers the next request that fits it, in this order. */
  script(operation: Operation | '*', ...faults: Fault[]): void;
  /** Scripted faults that no request has met yet. */
  readonly pendingFaults: readonly Fault[];
  /** Clears faults and the request log; roles, secrets and sessions stay. */
  reset(): void;
  /** Closes every connection, hanging ones included. */
  stop(): Promise<void>;
}

const OWN_ISSUER = 'https://oidc.stand-in.test/id/0000000000000000000000000000000A';

/** Starts an AWS of one's own: STS and Secrets Manager over HTTPS, on loopback. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { host = '127.0.0.1', now = Date.now } = options;
  const own = options.issuer === undefined ? await makeIssuer(OWN_ISSUER) : undefined;
  const issuer = options.issuer ?? own;
  if (issuer === undefined) throw new TypeError('no issuer');
  const tls = options.tls ?? (await makeCertificate(options.extraNames));
  const roles = new Map<string, Role>();
  const sessions = new Sessions();
  const secrets = new SecretStore(now);
  const faults = new FaultScript();
  const log = new RequestLog();
  const stopping = new AbortController();
  const server = createServer({
    key: tls.key,
    cert: tls.cert,
    ALPNProtocols: ['http/1.1'],
    keepAliveTimeout: 60_000,
  });
  const connections = new Connections(server);
  const state: ServiceState = { roles, sessions, secrets, issuer, now };

  server.on('request', (message, response) => {
    const counted = log.begin();
    response.once('close', counted.end);
    response.sendDate = false;
    response.setHeader('date', new Date(now()).toUTCString());
    void readIncoming(message)
      .then((incoming) => {
        const fault = faults.take(targetOf(incoming));
        const entry = describeRequest(incoming, sessions, {
          connection: connections.numberOf(message.socket),
          concurrent: counted.concurrent,
          fault: fault?.kind,
        });
        log.add(entry);
        return serve({ incoming, fault, entry, response, socket: message.socket }).finally(counted.end);
      })
      // The peer went away, or the stand-in stops: nobody is left to tell.
      .catch(() => message.socket.destroy());
  });

  async function serve(exchange: Exchange): Promise<void> {
    const { incoming, fault, entry, response, socket } = exchange;
    const reply = await answer(incoming, fault, state).catch((error: unknown) =>
      errorReply(incoming.service, new AwsError('StandInFailure', String(error), 500)),
    );
    if (!isSilent(fault)) {
      entry.status = reply.status;
      entry.errorCode = reply.errorCode;
    }
    const resetConnection = () => connections.reset(socket);
    await deliver(reply, { response, socket, fault, stopped: stopping.signal, resetConnection });
    if (isSilent(fault)) return;
    entry.finishedAt = performance.now();
  }

  const port = await listen(server, host, options.port ?? 0);
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    host,
    port,
    caPem: tls.ca,
    issuer: issuer.issuer,
    issueToken: async (claims) => {
      if (own === undefined) throw new TypeError('tokens come from the issuer that was given');
      return own.issueToken(claims, now());
    },
    putRole: (role) => {
      roles.set(role.arn, role);
    },
    putSecret: (secret) => secrets.put(secret),
    startSession: (roleArn, sessionName = 'session', durationSeconds = 3600) =>
      sessions.start(roleArn, sessionName, now() + durationSeconds * 1000),
    get requests() {
      return log.requests;
    },
    get peak() {
      return { requests: log.mostWaiting, connections: connections.most };
    },
    get connectionsOpened() {
      return connections.opened;
    },
    script: (operation, ...scripted) => faults.add(operation, scripted),
    get pendingFaults() {
      return faults.pending;
    },
    reset: () => {
      faults.clear();
      log.clear();
      connections.startCounting();
    },
    stop: () => {
      stopping.abort();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      connections.closeAll();
      return closed;
    },
  };
}

interface Exchange {
  readonly incoming: Incoming;
  readonly fault: Fault | undefined;
  readonly entry: OpenRequest;
  readonly response: ServerResponse;
  readonly socket: Socket;
}

function targetOf({ operation, region, input }: Incoming) {
  const secretIds = input?.secretIds ?? (input?.secretId === undefined ? [] : [input.secretId]);
  return { operation, region, secretIds };
}

function describeRequest(
  incoming: Incoming,
  sessions: Sessions,
  seen: Pick<StandInRequest, 'connection' | 'concurrent' | 'fault'>,
): OpenRequest {
  const { input, form, operation, region } = incoming;
  const session = sessions.find(incoming.accessKeyId ?? '');
  const duration = form.get('DurationSeconds');
  return {
    ...seen,
    operation,
    region,
    secretId: input?.secretId,
    secretIds: input?.secretIds ?? [],
    versionId: input?.versionId,
    versionStage: input?.versionStage,
    roleArn: session?.roleArn ?? form.get('RoleArn') ?? undefined,
    sessionName: session?.sessionName ?? form.get('RoleSessionName') ?? undefined,
    durationSeconds: duration === null ? undefined : Number(duration),
    userAgent: incoming.headers['user-agent'],
    startedAt: performance.now(),
    status: undefined,
    errorCode: undefined,
    finishedAt: undefined,
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
