/** The executable with a DNS server that is not ready, with the resolver and the configuration of a pod. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type DnsServer, startDnsServer } from '../aws-fake/dns-server.ts';
import { type FaultStage, makeFaultStage, says } from '../fetcher/fault-stage.ts';

const NAME = 'aws-fake.test';

let dns: DnsServer | string;
let stage: FaultStage;
beforeAll(async () => {
  stage = await makeFaultStage({ extraNames: [NAME] });
  dns = await startDnsServer(NAME, '127.0.0.1');
});
beforeEach(({ skip }) => {
  if (typeof dns === 'string') skip(dns);
  return stage.reset();
});
afterAll(async () => {
  await stage.stop();
  if (typeof dns !== 'string') await dns.stop();
});

/** The server, with which the next runs start. */
function server(): DnsServer {
  if (typeof dns === 'string') throw new TypeError(dns);
  stage.aws.stage.launcher = dns.launcher;
  return dns;
}

it.each([
  ['nameError', /^STS: DNS: the name was not found \(ENOTFOUND\); retrying$/m],
  ['serverFailure', /^STS: DNS: the name was not found \(EAI_AGAIN\); retrying$/m],
  ['silent', /^STS: timeout: no answer in time; retrying$/m],
] as const)('a name that does not resolve at first: %s', async (mode, message) => {
  const resolver = server();
  resolver.mode = mode;
  const run = stage.start(25, stage.proxy.port, NAME);
  await says(run, message);
  resolver.mode = 'answer';
  stage.expectSuccess(await run.finished);
  expect(resolver.queries).toContain(NAME);
});

// The resolver itself would wait for tens of seconds, in a thread that cannot be stopped.
it.each([
  ['nameError', /last failure: DNS: the name was not found \(ENOTFOUND\)/],
  ['serverFailure', /last failure: DNS: the name was not found \(EAI_AGAIN\)/],
  ['silent', /last failure: timeout: no answer in time/],
] as const)('a name that does not resolve ends at the deadline: %s', async (mode, message) => {
  server().mode = mode;
  await stage.expectEndAtDeadline(message, stage.proxy.port, NAME);
});
