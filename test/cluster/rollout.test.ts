/** The rollout controller on a real API server with its controllers. Nothing runs pods, so workloads have no replicas. */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PREFIX } from '../../src/core/names/prefix.ts';
import {
  PAUSED_KEY,
  RESTARTED_AT_KEY,
  SETTLED_KEY,
  VERSIONS_KEY,
} from '../../src/core/names/rollout-keys.ts';
import { type ClusterPlace, makeClusterApi } from '../../src/kubernetes/api-client.ts';
import type { Rollout } from '../../src/rollout/rollout.ts';
import { findStatus, formatStatus } from '../../src/rollout/status.ts';
import { ROOT } from '../image/built-image.ts';
import { plainGet } from '../server/client.ts';
import { clusterUnavailable, startCluster } from './cluster.ts';
import { Api, type KubernetesObject } from './product/api.ts';
import { installRollout, Secrets, startController } from './product/rollout-stage.ts';
import { until } from './until.ts';

const unavailable = clusterUnavailable('control-plane');
if (unavailable !== undefined)
  process.stderr.write(`the tests of the rollout controller are skipped: ${unavailable}\n`);

const arn = (name: string): string => `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}-AbCdEf`;

type Annotations = Readonly<Record<string, string>>;

interface Stored extends KubernetesObject {
  readonly metadata: { readonly annotations?: Annotations; readonly generation: number };
  readonly spec: {
    readonly restartAt?: string;
    readonly template: { readonly metadata: { readonly annotations: Annotations } };
  };
}

function workload(
  kind: string,
  name: string,
  secret: string,
  changes: Partial<{ annotations: Annotations; spec: object }> = {},
): KubernetesObject {
  const labels = { app: name };
  const template = {
    metadata: { labels, annotations: { [`${PREFIX}file.value`]: arn(secret) } },
    spec: { containers: [{ name: 'app', image: 'registry.example/app:1' }] },
  };
  const { annotations = {}, spec = {} } = changes;
  return {
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: { name, annotations },
    spec: {
      selector: { matchLabels: labels },
      template,
      ...(kind === 'DaemonSet' ? {} : { replicas: 0 }),
      ...(kind === 'StatefulSet' ? { serviceName: name } : {}),
      ...spec,
    },
  };
}

describe.skipIf(unavailable !== undefined)('the rollout controller', () => {
  let api: Api;
  let place: ClusterPlace;
  let namespace = '';
  const secrets = new Secrets();
  const running = new Set<Rollout>();
  let rollout: Rollout;

  beforeAll(async () => {
    api = new Api(await startCluster({ level: 'control-plane' }));
    place = await installRollout(api);
    namespace = await api.namespace();
    rollout = await start('first');
  });
  afterAll(async () => {
    for (const one of running) await one.close();
    await api?.cluster.stop();
  });

  async function start(identity: string, perHourPerNamespace?: number): Promise<Rollout> {
    const started = await startController(place, identity, secrets, perHourPerNamespace);
    running.add(started);
    return started;
  }

  async function stop(one: Rollout): Promise<void> {
    running.delete(one);
    await one.close();
  }

  /** Server-side apply, as Argo CD and Flux do. */
  async function apply(where: string, ...objects: readonly KubernetesObject[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const args = [`--namespace=${where}`, 'apply', '--server-side', '--field-manager=gitops', '--filename=-'];
    const { status, stderr } = await api.cluster.kubectl(args, list);
    expect(status, stderr).toBe(0);
  }

  async function stored(kind: string, name: string, where = namespace): Promise<Stored> {
    return await api.get<Stored>(where, kind === 'Rollout' ? 'rollouts.argoproj.io' : kind, name);
  }

  /** Waits until the controller knows a workload. */
  async function settled(kind: string, name: string, where = namespace): Promise<Stored> {
    return await until(`${name} to settle`, { seconds: 30 }, async () => {
      const found = await stored(kind, name, where);
      return found.metadata.annotations?.[SETTLED_KEY] === undefined ? undefined : found;
    });
  }

  function recordOf(kind: string, object: Stored): string | undefined {
    return (kind === 'Rollout' ? object.metadata.annotations : object.spec.template.metadata.annotations)?.[
      VERSIONS_KEY
    ];
  }

  function restartOf(kind: string, object: Stored): string | undefined {
    return kind === 'Rollout'
      ? object.spec.restartAt
      : object.spec.template.metadata.annotations[RESTARTED_AT_KEY];
  }

  /** Waits until a workload was restarted with a version. */
  async function restarted(kind: string, name: string, id: string, where = namespace): Promise<Stored> {
    return await until(`${name} to be restarted`, { seconds: 30 }, async () => {
      const found = await stored(kind, name, where);
      return recordOf(kind, found)?.includes(id) === true && restartOf(kind, found) !== undefined
        ? found
        : undefined;
    });
  }

  /** Does what the controller of Argo Rollouts does. It waits for the time of the restart. */
  async function completeRollout(name: string): Promise<void> {
    const { spec, metadata } = await until(`the restart of ${name} to be due`, { seconds: 30 }, async () => {
      const found = await stored('Rollout', name);
      return Date.now() > Date.parse(found.spec.restartAt ?? '1970-01-01') ? found : undefined;
    });
    const status = {
      observedGeneration: String(metadata.generation),
      phase: 'Healthy',
      restartedAt: spec.restartAt,
    };
    const patch = `--patch=${JSON.stringify({ status })}`;
    const args = ['patch', 'rollouts.argoproj.io', name, '--subresource=status', '--type=merge', patch];
    await api.kubectl(`--namespace=${namespace}`, ...args);
  }

  async function eventsAbout(name: string, where = namespace): Promise<readonly string[]> {
    interface Event {
      readonly reason: string;
      readonly note: string;
      readonly regarding: { readonly name: string };
    }
    const { items } = await api.get<{ readonly items: readonly Event[] }>(where, 'events.events.k8s.io');
    return items
      .filter(({ regarding }) => regarding.name === name)
      .map(({ reason, note }) => `${reason} ${note}`);
  }

  async function metric(line: RegExp): Promise<number> {
    const { text } = await plainGet(rollout.metricsPort, '/metrics');
    return Number(line.exec(text)?.[1] ?? Number.NaN);
  }

  it.each(['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'])(
    'a %s is restarted once for each version, and an apply of the original keeps the annotations',
    async (kind) => {
      const name = `each-${kind.toLowerCase()}`;
      secrets.rotate(arn(name));
      const original = workload(kind, name, name);
      await apply(namespace, original);
      if (kind === 'Rollout') await completeRollout(name);
      const before = await settled(kind, name);
      expect(restartOf(kind, before)).toBeUndefined();
      const second = secrets.rotate(arn(name));
      const first = await restarted(kind, name, second);
      expect(first.metadata.generation).toBe(before.metadata.generation + 1);
      expect(restartOf(kind, first)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(first.metadata.annotations?.[SETTLED_KEY]).toBeUndefined();
      // The same event again, and an apply of what is in Git.
      secrets.send({ hello: 'world' });
      await apply(namespace, original);
      await until('the queue to be empty', { seconds: 30 }, () =>
        secrets.messages === 0 ? true : undefined,
      );
      const after = await stored(kind, name);
      expect(after.metadata.generation).toBe(first.metadata.generation);
      expect(recordOf(kind, after)).toContain(second);
      const events = await until('the Event', { seconds: 30 }, async () => {
        const found = await eventsAbout(name);
        return found.length > 0 ? found : undefined;
      });
      expect(events).toEqual([`SecretRestart Restarting: ${name} has version ${second}`]);
      if (kind === 'Rollout') await completeRollout(name);
      const third = secrets.rotate(arn(name));
      const last = await restarted(kind, name, third);
      expect(last.metadata.generation).toBe(first.metadata.generation + 1);
    },
  );

  it('client-side apply keeps the annotations as well', async () => {
    secrets.rotate(arn('client'));
    const original = JSON.stringify(workload('Deployment', 'client', 'client'));
    const clientSide = [`--namespace=${namespace}`, 'apply', '--filename=-'];
    await api.cluster.kubectl(clientSide, original);
    await settled('Deployment', 'client');
    const id = secrets.rotate(arn('client'));
    const before = await restarted('Deployment', 'client', id);
    const { stdout } = await api.cluster.kubectl(clientSide, original);
    expect(stdout).toContain('unchanged');
    expect((await stored('Deployment', 'client')).metadata.generation).toBe(before.metadata.generation);
  });

  it('paused workloads are left alone, and the Event says why', async () => {
    secrets.rotate(arn('paused'));
    await apply(
      namespace,
      workload('Deployment', 'by-annotation', 'paused', { annotations: { [PAUSED_KEY]: 'true' } }),
      workload('Deployment', 'by-spec', 'paused', { spec: { paused: true } }),
    );
    for (const name of ['by-annotation', 'by-spec']) await settled('Deployment', name);
    const id = secrets.rotate(arn('paused'));
    for (const [name, text] of [
      ['by-annotation', 'the annotation'],
      ['by-spec', 'spec.paused'],
    ] as const)
      await until(`an Event about ${name}`, { seconds: 30 }, async () =>
        (await eventsAbout(name)).some((one) => one.startsWith('SecretRestartWaiting') && one.includes(text))
          ? true
          : undefined,
      );
    for (const name of ['by-annotation', 'by-spec'])
      expect(restartOf('Deployment', await stored('Deployment', name))).toBeUndefined();
    await api.kubectl(`--namespace=${namespace}`, 'annotate', 'deployment/by-annotation', `${PAUSED_KEY}-`);
    await restarted('Deployment', 'by-annotation', id);
  });

  it('a rollback is not undone, and the next version restarts the workload', async () => {
    secrets.rotate(arn('back'));
    await apply(namespace, workload('Deployment', 'back', 'back'));
    await settled('Deployment', 'back');
    const second = secrets.rotate(arn('back'));
    const right = await restarted('Deployment', 'back', second);
    const third = secrets.rotate(arn('back'));
    const before = await restarted('Deployment', 'back', third);
    await until('the rollout to be observed', { seconds: 30 }, async () => {
      const { status } = (await stored('Deployment', 'back')) as unknown as {
        status: { observedGeneration: number };
      };
      return status.observedGeneration === before.metadata.generation ? true : undefined;
    });
    await api.kubectl(`--namespace=${namespace}`, 'rollout', 'undo', 'deployment/back');
    const held = await until('the rollback to be noticed', { seconds: 30 }, async () => {
      const found = await stored('Deployment', 'back');
      return found.metadata.annotations?.[SETTLED_KEY]?.includes(third) === true ? found : undefined;
    });
    expect(recordOf('Deployment', held)).toContain(second);
    expect((await eventsAbout('back')).some((one) => one.startsWith('SecretRestartHeld'))).toBe(true);
    expect(restartOf('Deployment', held)).toBe(restartOf('Deployment', right));
    await restarted('Deployment', 'back', secrets.rotate(arn('back')));
  });

  it('pinned versions are recorded before any pod starts, change with a restart, and a rollback restores them', async () => {
    const pin = { [`${PREFIX}pin-version`]: 'true' };
    const first = secrets.rotate(arn('pinned'));
    const made = workload('Deployment', 'pinned', 'pinned');
    const { spec } = made as unknown as { spec: { template: { metadata: { annotations: Annotations } } } };
    const { metadata } = spec.template;
    const template = {
      ...spec.template,
      metadata: { ...metadata, annotations: { ...metadata.annotations, ...pin } },
    };
    const original = { ...made, spec: { ...spec, template } };
    await apply(namespace, original);
    const pinned = async (id: string): Promise<Stored> =>
      await until('the recorded version', { seconds: 30 }, async () => {
        const found = await stored('Deployment', 'pinned');
        return recordOf('Deployment', found)?.includes(id) === true ? found : undefined;
      });
    const recorded = await pinned(first);
    expect(restartOf('Deployment', recorded)).toBeUndefined();
    await apply(namespace, original);
    const second = secrets.rotate(arn('pinned'));
    const changed = await restarted('Deployment', 'pinned', second);
    await until('the rollout to be observed', { seconds: 30 }, async () => {
      const { status } = (await stored('Deployment', 'pinned')) as unknown as {
        status: { observedGeneration: number };
      };
      return status.observedGeneration >= changed.metadata.generation ? true : undefined;
    });
    await api.kubectl(`--namespace=${namespace}`, 'rollout', 'undo', 'deployment/pinned');
    const back = await until('the rollback to be noticed', { seconds: 30 }, async () => {
      const found = await stored('Deployment', 'pinned');
      return found.metadata.annotations?.[SETTLED_KEY]?.includes(second) === true ? found : undefined;
    });
    expect(recordOf('Deployment', back)).toContain(first);
  });

  it('the status can be listed with the rights of the controller', async () => {
    await apply(namespace, workload('StatefulSet', 'listed', 'listed'));
    const found = await findStatus(makeClusterApi(place), namespace, AbortSignal.timeout(60_000));
    if (!found.ok) throw new Error(found.problem);
    expect(formatStatus(found.value)).toMatch(new RegExp(`StatefulSet ${namespace}/listed +listed +- +- `));
  });

  it('messages that are no events are counted and deleted', async () => {
    secrets.send('not JSON');
    secrets.send({ source: 'aws.secretsmanager', time: '2019-01-01T00:00:00Z', detail: {} });
    await until('the messages to be deleted', { seconds: 30 }, () =>
      secrets.messages === 0 ? true : undefined,
    );
    expect(await metric(/queue_messages_total\{result="not-json"\} (\d+)/)).toBeGreaterThanOrEqual(1);
  });

  it('a workload that is deleted while its change is known does not disturb others', async () => {
    secrets.rotate(arn('gone'));
    await apply(namespace, workload('Deployment', 'gone', 'gone'), workload('Deployment', 'stays', 'gone'));
    for (const name of ['gone', 'stays']) await settled('Deployment', name);
    const deletion = api.kubectl(`--namespace=${namespace}`, 'delete', 'deployment', 'gone', '--wait=false');
    const id = secrets.rotate(arn('gone'));
    await restarted('Deployment', 'stays', id);
    await deletion;
  });

  it('another replica takes over, and nothing is restarted twice', async () => {
    secrets.rotate(arn('over'));
    await apply(namespace, workload('Deployment', 'over', 'over'));
    await settled('Deployment', 'over');
    const second = await start('second');
    expect(await metric(/rollout_leader (\d)/)).toBe(1);
    const before = await restarted('Deployment', 'over', secrets.rotate(arn('over')));
    await stop(rollout);
    rollout = second;
    await until('the other replica to be the leader', { seconds: 30 }, async () =>
      (await metric(/rollout_leader (\d)/)) === 1 ? true : undefined,
    );
    const last = await restarted('Deployment', 'over', secrets.rotate(arn('over')));
    expect(last.metadata.generation).toBe(before.metadata.generation + 1);
  });

  it('the budget of an hour holds across a restart of the controller', async () => {
    const elsewhere = await api.namespace();
    await stop(rollout);
    rollout = await start('third', 2);
    secrets.rotate(arn('budget'));
    const names = ['a', 'b', 'c', 'd'];
    await apply(elsewhere, ...names.map((name) => workload('Deployment', name, 'budget')));
    for (const name of names) await settled('Deployment', name, elsewhere);
    const id = secrets.rotate(arn('budget'));
    for (const name of ['a', 'b']) await restarted('Deployment', name, id, elsewhere);
    await stop(rollout);
    rollout = await start('fourth', 2);
    await until('the others to wait', { seconds: 30 }, async () =>
      (await metric(/waiting_workloads\{reason="per-hour-per-namespace"\} (\d+)/)) === 2 ? true : undefined,
    );
    for (const name of ['c', 'd'])
      expect(restartOf('Deployment', await stored('Deployment', name, elsewhere))).toBeUndefined();
  });

  it('missing rights are counted, and the restart follows when they are there', async () => {
    const role = 'clusterrole/aws-secrets-injector-rollout';
    const where = await api.namespace();
    await stop(rollout);
    rollout = await start('fifth');
    secrets.rotate(arn('rights'));
    await apply(where, workload('Deployment', 'rights', 'rights'));
    await settled('Deployment', 'rights', where);
    await api.kubectl(
      'patch',
      role,
      '--type=json',
      '--patch=[{"op":"replace","path":"/rules/0/verbs","value":["list","watch"]}]',
    );
    const id = secrets.rotate(arn('rights'));
    await until('a refused write', { seconds: 30 }, async () =>
      (await metric(/writes_total\{action="restart",result="denied"\} (\d+)/)) > 0 ? true : undefined,
    );
    expect(restartOf('Deployment', await stored('Deployment', 'rights', where))).toBeUndefined();
    const file = path.join(ROOT, 'manifests/components/rollout/access.yaml');
    await api.kubectl('apply', '--server-side', '--force-conflicts', `--filename=${file}`);
    // A new process does not wait before it tries again.
    await stop(rollout);
    rollout = await start('sixth');
    await restarted('Deployment', 'rights', id, where);
  });
});
