/**
 * EKS Pod Identity: another webhook adds the association to the pod, kubelet writes the token, and a fake of the agent
 * responds at the real link-local addresses.
 */
import { describe, expect, it } from 'vitest';
import type { AgentFault } from '../../../aws-fake/index.ts';
import type { Neighbours } from '../../neighbours/neighbour.ts';
import { hasIpv6 } from '../../network.ts';
import { until } from '../../until.ts';
import { checksum, pod } from '../pods.ts';
import type { Stage } from '../stage.ts';
import { makeScene, type Neighbour, READS, type Scene } from './neighbours/scene.ts';

const AFTER: Neighbour = { place: 'after', path: 'pod-identity' };
const IPV6 = 'fd00:ec2::23';

export function podIdentity(stage: () => Stage, neighbours: () => Neighbours): void {
  describe.concurrent('EKS Pod Identity', () => {
    // All pods have the same agent, so a pod sees it refuse connections before any test needs the agent.
    let refused: Promise<{ readonly scene: Scene; readonly described: string }> | undefined;
    const refusal = async () => {
      try {
        const scene = await makeScene(stage(), neighbours(), AFTER);
        return { scene, described: await failing(stage(), scene, 'AWS_UNAVAILABLE') };
      } finally {
        await stage().agent.listen();
      }
    };
    const withRefusal = () => (refused ??= refusal());
    const agentReady = async (): Promise<void> => void (await Promise.allSettled([withRefusal()]));
    const sceneWithAgent = async (...all: readonly Neighbour[]): Promise<Scene> => {
      const scene = await makeScene(stage(), neighbours(), ...all);
      await agentReady();
      return scene;
    };

    it('the agent is not ready: the pod says so, and starts after the agent is ready', async () => {
      const { scene, described } = await withRefusal();
      expect(described).toContain('Exit Code:    13');
      expect(described).toContain('EKS Pod Identity Agent');
      await expectOutput(stage(), scene);
    });

    it.each([
      ['before', 'Never'],
      ['before', 'IfNeeded'],
      ['after', 'Never'],
      ['after', 'IfNeeded'],
    ] as const)(
      'the association is added %s the injector (%s): the pod starts with its secrets',
      async (place, policy) => {
        const scene = await sceneWithAgent({ ...AFTER, place, reinvocationPolicy: policy });
        await create(stage(), scene);
        await expectOutput(stage(), scene);
        expect(requests(stage(), scene)).toEqual([
          expect.objectContaining({ ...FROM_POD, address: '169.254.170.23', status: 200 }),
        ]);
        // The session of the agent reads the secret, and STS is not called.
        const read = stage().aws.requests.filter(({ secretId }) => secretId === scene.db.arn);
        expect(read.map(({ sessionName }) => sessionName)).toEqual(['eks-cluster-app']);
      },
    );

    if (!hasIpv6()) process.stderr.write('EKS Pod Identity over IPv6 is skipped: this machine has no IPv6\n');
    it.skipIf(!hasIpv6())('the agent has an IPv6 address: the pod starts with its secrets', async () => {
      const path = `pod-identity/[${IPV6}]/v1/credentials` as const;
      const scene = await sceneWithAgent({ ...AFTER, path });
      await create(stage(), scene);
      await expectOutput(stage(), scene);
      expect(requests(stage(), scene)).toEqual([
        expect.objectContaining({ ...FROM_POD, address: IPV6, status: 200 }),
      ]);
    });

    it('nothing but pods reaches the agent', async () => {
      await agentReady();
      for (const url of stage().agent.urls)
        await expect(fetch(url, { signal: AbortSignal.timeout(1000) }), url).rejects.toThrow('timeout');
      expect(stage().agent.requests.filter(({ namespace }) => namespace === undefined)).toEqual([]);
    });

    it('an association and the annotation of a role: the association has precedence', async () => {
      const scene = await sceneWithAgent({ ...AFTER, path: 'web-identity' }, AFTER);
      await create(stage(), scene);
      await expectOutput(stage(), scene);
      expect(requests(stage(), scene)).toHaveLength(1);
    });

    it('passing faults of the agent delay the pod, which then starts with its secrets', async () => {
      const scene = await sceneWithAgent(AFTER);
      const { namespace } = scene;
      stage().agent.script(
        { kind: 'throttle', namespace },
        { kind: 'serverError', namespace },
        { kind: 'unavailable', namespace },
        { kind: 'reset', namespace },
        { kind: 'slow', ms: 1000, namespace },
      );
      await create(stage(), scene);
      await expectOutput(stage(), scene);
      expect(requests(stage(), scene).map(({ status }) => status)).toEqual([429, 500, 503, undefined, 200]);
    });

    it.each<readonly [string, AgentFault, string, number]>([
      ['EKS rejects the role (400)', { kind: 'denied' }, 'IDENTITY_REFUSED', 10],
      ['no association (404)', { kind: 'notFound' }, 'IDENTITY_REFUSED', 10],
      ['EKS fails (500)', { kind: 'serverError' }, 'AWS_UNAVAILABLE', 13],
      ['the agent never responds', { kind: 'hang' }, 'AWS_UNAVAILABLE', 13],
      ['wrong content', { kind: 'wrongJson', body: '{"Code":"Success"}' }, 'AWS_UNAVAILABLE', 13],
    ])('%s: the pod says so, and starts after the fault has passed', async (_, fault, code, exit) => {
      const scene = await sceneWithAgent(AFTER);
      const passed = new AbortController();
      const { namespace } = scene;
      stage().agent.script({ ...fault, namespace, times: 'forever', until: passed.signal });
      const described = await failing(stage(), scene, code);
      expect(described).toContain(`Exit Code:    ${exit}`);
      passed.abort();
      await expectOutput(stage(), scene);
    });
  });
}

const FROM_POD = { serviceAccount: 'default', pod: 'app', method: 'GET', path: '/v1/credentials' };

/** Creates the pod without an identity: the other webhook adds it. kubelet starts its containers again if they fail. */
async function create(stage: Stage, { namespace, annotations }: Scene, timeout = '60s'): Promise<void> {
  const options = {
    annotations: { ...annotations, 'secrets-injector.dev/fetch-timeout': timeout },
    containers: [READS],
    identity: false,
    spec: { restartPolicy: 'OnFailure' },
  };
  await stage.mustCreate(pod(namespace, options));
}

async function expectOutput(stage: Stage, { namespace, db }: Scene): Promise<void> {
  expect(await stage.outputOf(namespace, 'app')).toEqual([checksum(db.user), checksum(db.text)]);
}

function requests(stage: Stage, scene: Scene): Stage['agent']['requests'] {
  return stage.agent.requests.filter(({ namespace }) => namespace === scene.namespace);
}

/** Creates the pod, and waits until its description shows the code. @returns the description */
async function failing(stage: Stage, scene: Scene, code: string): Promise<string> {
  await create(stage, scene, '5s');
  return await until(`${code} in the description of the pod`, { seconds: 120 }, async () => {
    const described = await stage.kubectl(`--namespace=${scene.namespace}`, 'describe', 'pod', 'app');
    return described.includes(code) ? described : undefined;
  });
}
