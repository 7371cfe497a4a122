/**
 * The start of a pod by its identity: IRSA, and EKS Pod Identity with the agent at its real address. Runs in a network
 * namespace of its own, because the address is link-local.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFetchStage, planFor, ROLE, startDelayProxy, timeRun } from '../aws-fake/fetch-stage.ts';
import { POD_IDENTITY_AUDIENCE, startPodIdentityAgent } from '../aws-fake/index.ts';
import { median } from './median.ts';

/** The address of the agent; `./scripts/bench --identity` adds it to the namespace. */
export const AGENT_ADDRESS = '169.254.170.23';
const ROUND_TRIP = 20;
const SUBJECT = { namespace: 'shop', serviceAccount: 'web' };

export interface IdentityRow {
  readonly identity: string;
  /** Medians, in milliseconds, by where AWS is. */
  readonly loopback: number;
  readonly delayed: number;
}

export interface IdentityFigures {
  readonly bareNodeMilliseconds: number;
  readonly roundTripMilliseconds: number;
  readonly rounds: number;
  readonly rows: readonly IdentityRow[];
}

/** Measures rounds of every case in turn. @param executable what ships */
export async function measureIdentity(executable: string, rounds: number): Promise<IdentityFigures> {
  const stage = await makeFetchStage();
  const proxy = await startDelayProxy(stage.standIn, ROUND_TRIP);
  const agent = await startPodIdentityAgent({ aws: stage.standIn, hosts: [AGENT_ADDRESS], port: 80 });
  try {
    agent.associate({ ...SUBJECT, roleArn: ROLE });
    const token = await stage.standIn.issueToken({ ...SUBJECT, audience: POD_IDENTITY_AUDIENCE });
    writeFileSync(path.join(stage.root, 'agent-token'), token);
    const plan = planFor(stage.standIn, 1, ['eu-west-1']);
    const command = [executable, 'fetch', '--root', stage.root];
    const irsa = (port: number) => () => {
      stage.clear();
      return timeRun(command, stage.environment(plan, port));
    };
    const podIdentity = (port: number, wait: number) => () => {
      stage.clear();
      if (wait > 0) agent.script({ kind: 'slow', ms: wait });
      const {
        AWS_ROLE_ARN: _role,
        AWS_WEB_IDENTITY_TOKEN_FILE: _file,
        ...rest
      } = stage.environment(plan, port);
      return timeRun(command, {
        ...rest,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${AGENT_ADDRESS}/v1/credentials`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: '/agent-token',
      });
    };
    const { port } = stage.standIn;
    const cases = {
      bare: () => timeRun([process.execPath, '-e', '0'], {}),
      irsa: irsa(port),
      irsaDelayed: irsa(proxy.port),
      cached: podIdentity(port, 0),
      cachedDelayed: podIdentity(proxy.port, 0),
      asking: podIdentity(port, 1),
      askingDelayed: podIdentity(proxy.port, ROUND_TRIP),
    };
    const names = Object.keys(cases) as (keyof typeof cases)[];
    const seen = new Map(names.map((name) => [name, [] as number[]]));
    for (const name of names) await cases[name]();
    for (let round = 0; round < rounds; round += 1) {
      for (const name of round % 2 === 0 ? names : names.toReversed())
        seen.get(name)?.push(await cases[name]());
    }
    const figure = (name: keyof typeof cases) => median(seen.get(name) ?? []);
    return {
      bareNodeMilliseconds: figure('bare'),
      roundTripMilliseconds: ROUND_TRIP,
      rounds,
      rows: [
        { identity: 'IRSA', loopback: figure('irsa'), delayed: figure('irsaDelayed') },
        {
          identity: 'EKS Pod Identity, the agent has credentials',
          loopback: figure('cached'),
          delayed: figure('cachedDelayed'),
        },
        {
          identity: 'EKS Pod Identity, the agent asks EKS first (one round trip)',
          loopback: figure('asking'),
          delayed: figure('askingDelayed'),
        },
      ],
    };
  } finally {
    await agent.stop();
    await proxy.stop();
    await stage.stop();
  }
}
