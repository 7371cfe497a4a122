import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { AwsError } from './aws-error.ts';
import { makeCertificate } from './certificates.ts';
import { Connections } from './connections.ts';
import type { StandIn, StandInOptions } from './contract.ts';
import { deliver, isSilent } from './deliver.ts';
import { describeRequest, targetOf } from './describe-request.ts';
import { EventBus } from './events.ts';
import { type Fault, FaultScript } from './faults.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import { makeIssuer } from './issuer.ts';
import { errorReply } from './reply.ts';
import { type OpenRequest, RequestLog } from './request-log.ts';
import type { Role } from './roles.ts';
import { Rotations } from './rotation.ts';
import { SecretStore } from './secrets.ts';
import { answer, type ServiceState } from './service.ts';
import { Sessions } from './sessions.ts';
import type { Queue } from './sqs/queue.ts';
import { Queues } from './sqs/queues.ts';

const OWN_ISSUER = 'https://oidc.aws-fake.test/id/0000000000000000000000000000000A';

/** Starts the AWS fake: STS, Secrets Manager and SQS over HTTPS, on loopback by default. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { host = '127.0.0.1', now = Date.now } = options;
  const own = options.issuer === undefined ? await makeIssuer(OWN_ISSUER) : undefined;
  const issuer = options.issuer ?? own;
  if (issuer === undefined) throw new TypeError('no issuer');
  const tls = options.tls ?? (await makeCertificate(options.extraNames));
  const roles = new Map<string, Role>();
  const sessions = new Sessions();
  const events = new EventBus(now);
  const rotations = new Rotations(events, now);
  const secrets = new SecretStore(events, now);
  const queues = new Queues(now);
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
  const urlOf = (queue: Queue) => `${url}/${queue.account}/${queue.name}`;
  const state: ServiceState = { roles, sessions, secrets, rotations, events, queues, urlOf, issuer, now };

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
      // The client disconnected, or the fake is stopping, so nobody would receive a response.
      .catch(() => message.socket.destroy());
  });

  async function serve(exchange: Exchange): Promise<void> {
    const { incoming, fault, entry, response, socket } = exchange;
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    const gone = AbortSignal.any([stopping.signal, closed.signal]);
    const reply = await answer(incoming, fault, state, gone).catch((error: unknown) =>
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
  const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return {
    url,
    host,
    port,
    caPem: tls.ca,
    issuer: issuer.issuer,
    tokenIssuer: issuer,
    issueToken: async (claims) => {
      if (own === undefined) throw new TypeError('the issuer in the options issues the tokens');
      return own.issueToken(claims, now());
    },
    putRole: (role) => {
      roles.set(role.arn, role);
    },
    putSecret: (secret) => secrets.put(secret),
    putRotator: (lambdaArn, rotator) => rotations.register(lambdaArn, rotator),
    rotationsSettled: () => rotations.settled(),
    reattemptRotation: (arn) => {
      const [, , , region = '', account = ''] = arn.split(':');
      const secret = secrets.find(arn, region, account);
      if (secret === undefined) throw new TypeError(`no such secret: ${arn}`);
      rotations.reattempt(secret);
    },
    putQueue: (input) => {
      const queue = queues.put(input);
      return queues.handle(queue, urlOf(queue));
    },
    putEventRule: ({ queueArn, matches = () => true }) => {
      const queue = queues.get(queueArn);
      if (queue === undefined) throw new TypeError(`no such queue: ${queueArn}`);
      events.addRule({ queue, matches });
    },
    get events() {
      return events.published;
    },
    startSession: (roleArn, sessionName = 'session', durationSeconds = 3600, transitiveTags = []) =>
      sessions.start(roleArn, sessionName, now() + durationSeconds * 1000, transitiveTags),
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
      events.clear();
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

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
