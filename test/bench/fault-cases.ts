/** Faults for the bench: what happens to the network, and for how long. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DnsMode, DnsServer } from '../aws-fake/dns-server.ts';
import { type ChoosePassage, type FaultProxy, first, lossy } from '../aws-fake/fault-proxy.ts';
import { type Fault, type Operation, startDelayProxy } from '../aws-fake/index.ts';
import { startStoppedProxy } from '../aws-fake/stopped-proxy.ts';
import type { AwsStage } from '../fetcher/aws-stage.ts';
import { seededRandom } from '../fetcher/fleet/timeline.ts';

export interface World {
  readonly aws: AwsStage;
  readonly proxy: FaultProxy;
  readonly dns: DnsServer | string;
  /** Sets how far the clock of AWS is ahead of the fetcher's, in milliseconds. */
  setSkew(milliseconds: number): void;
}

/** What a run needs while the fault is in place. */
export interface Arranged {
  /** Where AWS answers. Default: the proxy. */
  readonly port?: number;
  readonly host?: string;
  readonly launcher?: readonly string[];
  /** Called when the run starts. */
  readonly started?: () => Promise<void>;
  readonly end?: () => Promise<void>;
}

export interface FaultCase {
  readonly name: string;
  /** @param run the number of the run, from 1 @returns what to run, or why it cannot */
  arrange(world: World, run: number): Promise<Arranged | string> | Arranged | string;
}

/** A name that only the DNS server of the bench knows. */
export const NAME = 'aws-fake.test';
/** Bytes of the server after which an answer with the secret is incomplete. */
const IN_THE_BODY = 30_000;
const HOUR = 3_600_000;

export const PASSING: readonly FaultCase[] = [
  { name: 'none', arrange: () => ({}) },
  slow(100),
  slow(300),
  connections('1 of 10 connections is lost', (run) => lossy(0.1, seededRandom(run))),
  connections('3 of 10 connections are lost', (run) => lossy(0.3, seededRandom(run))),
  connections('the first two connections are lost', () => first(2, { kind: 'swallow' })),
  unaccepted('connections are not accepted for 3 s', 3000),
  refused('connections are refused for 3 s', 3000),
  refused('connections are refused for 10 s', 10_000),
  connections('the first four connections are reset', () => first(4, { kind: 'reset' })),
  connections('the first answer is reset in its body', () =>
    first(2, { kind: 'reset', afterBytes: IN_THE_BODY }),
  ),
  connections('the first answer stops in its body', () =>
    first(2, { kind: 'swallow', afterBytes: IN_THE_BODY }),
  ),
  names('the name does not exist for 3 s', 'nameError', 3000),
  names('the DNS server fails for 3 s', 'serverFailure', 3000),
  names('the DNS server is silent for 3 s', 'silent', 3000),
  skewed('the clock is an hour behind', HOUR),
  skewed('the clock is an hour ahead', -HOUR),
  scripted('STS throttles three times', 'AssumeRoleWithWebIdentity', { kind: 'throttle', times: 3 }),
  scripted('Secrets Manager throttles three times', 'GetSecretValue', { kind: 'throttle', times: 3 }),
  scripted('Secrets Manager returns status 500 three times', 'GetSecretValue', {
    kind: 'serverError',
    times: 3,
  }),
  scripted('access is denied once', 'GetSecretValue', { kind: 'denied' }),
];

export const LASTING: readonly FaultCase[] = [
  slow(HOUR, 'nothing arrives'),
  connections('connections are lost', () => () => ({ kind: 'swallow' })),
  unaccepted('connections are not accepted'),
  refused('connections are refused'),
  connections('connections are reset', () => () => ({ kind: 'reset' })),
  connections('answers are reset in their body', () => () => ({
    kind: 'reset',
    afterBytes: IN_THE_BODY,
  })),
  connections('answers stop in their body', () => () => ({ kind: 'swallow', afterBytes: IN_THE_BODY })),
  names('the name does not exist', 'nameError'),
  names('the DNS server fails', 'serverFailure'),
  names('the DNS server is silent', 'silent'),
  scripted('STS throttles', 'AssumeRoleWithWebIdentity', { kind: 'throttle', times: 'forever' }),
  scripted('Secrets Manager throttles', 'GetSecretValue', { kind: 'throttle', times: 'forever' }),
  scripted('Secrets Manager returns status 500', 'GetSecretValue', { kind: 'serverError', times: 'forever' }),
  scripted('access is denied', 'GetSecretValue', { kind: 'denied', times: 'forever' }),
  scripted('the secret does not exist', 'GetSecretValue', { kind: 'notFound', times: 'forever' }),
  scripted('the secret is scheduled for deletion', 'GetSecretValue', {
    kind: 'scheduledForDeletion',
    times: 'forever',
  }),
];

function slow(milliseconds: number, name = `round trips of ${milliseconds} ms`): FaultCase {
  return {
    name,
    arrange: async ({ aws }) => {
      const proxy = await startDelayProxy(aws.standIn, milliseconds);
      return { port: proxy.port, end: () => proxy.stop() };
    },
  };
}

function connections(name: string, choose: (run: number) => ChoosePassage): FaultCase {
  return {
    name,
    arrange: ({ proxy }, run) => {
      proxy.choose(choose(run));
      return {};
    },
  };
}

function refused(name: string, milliseconds?: number): FaultCase {
  return {
    name,
    arrange: async ({ proxy }) => {
      await proxy.refuse();
      return after(milliseconds, () => proxy.accept());
    },
  };
}

function unaccepted(name: string, milliseconds?: number): FaultCase {
  return {
    name,
    arrange: async ({ aws }) => {
      const proxy = await startStoppedProxy(aws.standIn);
      return {
        port: proxy.port,
        ...after(milliseconds, async () => proxy.accept()),
        end: () => proxy.stop(),
      };
    },
  };
}

function names(name: string, mode: DnsMode, milliseconds?: number): FaultCase {
  return {
    name,
    arrange: ({ dns }) => {
      if (typeof dns === 'string') return dns;
      dns.mode = mode;
      const answer = async () => {
        dns.mode = 'answer';
      };
      return { host: NAME, launcher: dns.launcher, ...after(milliseconds, answer) };
    },
  };
}

function skewed(name: string, milliseconds: number): FaultCase {
  return {
    name,
    arrange: async ({ aws, setSkew }) => {
      setSkew(milliseconds);
      await aws.renewToken();
      return {};
    },
  };
}

function scripted(name: string, operation: Operation, fault: Fault): FaultCase {
  return {
    name,
    arrange: ({ aws }) => {
      aws.standIn.script(operation, fault);
      return {};
    },
  };
}

/** Ends the fault some time after the start of the run, if it ends. */
function after(milliseconds: number | undefined, act: () => Promise<void>): Pick<Arranged, 'started'> {
  if (milliseconds === undefined) return {};
  return { started: () => delay(milliseconds).then(act) };
}
