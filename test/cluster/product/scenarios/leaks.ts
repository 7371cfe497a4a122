/**
 * Runs last: no value is in Kubernetes or on the node's disk. The disk is not searched for values of native variables,
 * because the container runtime stores the environment of every container in its own records.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRODUCT_NAMESPACE } from '../install.ts';
import { forbiddenTexts } from '../secrets.ts';
import type { Stage } from '../stage.ts';

/** Folders of containerd: its records of containers, and runc's files of running ones. */
const DISK = ['io.containerd.metadata.v1.bolt', 'io.containerd.grpc.v1.cri', 'io.containerd.runtime.v2.task'];

export function leaks(stage: () => Stage): void {
  describe('no value', () => {
    it('is in etcd, the audit log, events, pods, logs, metrics, or on the disk of the node', async () => {
      const { facts } = stage().cluster;
      const places: [string, string][] = [
        ['etcd', (await stage().cluster.etcdContent()).toString('latin1')],
        ['the audit log', readFileSync(facts.auditLog, 'utf8')],
        ['events', await stage().kubectl('get', 'events', '--all-namespaces', '--output=json')],
        ['pods', await stage().kubectl('get', 'pods', '--all-namespaces', '--output=json')],
        ['descriptions', await stage().kubectl('describe', 'pods', '--all-namespaces')],
        ...filesBelow(`${facts.directory}/logs`),
        // The folder of kubelet without its mounts: in-memory volumes contain the values.
        ...filesBelow(facts.node?.kubeletRoot ?? '', mountPoints()),
      ];
      const disk = DISK.flatMap((folder) =>
        [facts.node?.containerdRoot, facts.node?.containerdState].flatMap((root) =>
          filesBelow(`${root}/${folder}`, mountPoints()),
        ),
      );
      const { items } = JSON.parse(
        await stage().kubectl(`--namespace=${PRODUCT_NAMESPACE}`, 'get', 'pods', '--output=json'),
      ) as { items: { metadata: { name: string } }[] };
      for (const { metadata } of items) {
        const proxy = `/api/v1/namespaces/${PRODUCT_NAMESPACE}/pods/${metadata.name}:8080/proxy/metrics`;
        const metrics = await stage().kubectl('get', `--raw=${proxy}`);
        expect(metrics).toMatch(/^secrets_injector_(?:reviews_total|rollout_leader)\b/m);
        places.push(['metrics', metrics]);
      }
      expect(forbiddenTexts('on disk').length).toBeGreaterThan(50);
      expect([...hits(places, forbiddenTexts('anywhere')), ...hits(disk, forbiddenTexts('on disk'))]).toEqual(
        [],
      );
      // The search itself works: the names of secrets are in these places.
      for (const [place, text] of places.slice(0, 2))
        expect([place, text.includes('secret:shop/')]).toEqual([place, true]);
    });
  });
}

function hits(places: readonly [string, string][], forbidden: readonly string[]): readonly string[] {
  return places.flatMap(([place, text]) =>
    forbidden.filter((each) => text.includes(each)).map((each) => `${each} in ${place}`),
  );
}

function filesBelow(folder: string, without: readonly string[] = []): [string, string][] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): [string, string][] => {
    const place = path.join(folder, entry.name);
    if (without.includes(place)) return [];
    if (entry.isDirectory()) return filesBelow(place, without);
    return entry.isFile() ? [[place, readFileSync(place, 'latin1')]] : [];
  });
}

function mountPoints(): readonly string[] {
  return readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
}
