/** After everything else: no value is anywhere in Kubernetes. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRODUCT_NAMESPACE } from '../install.ts';
import { forbiddenTexts } from '../secrets.ts';
import type { Stage } from '../stage.ts';

export function leaks(stage: () => Stage): void {
  describe('no value', () => {
    it('is in etcd, the audit log, events, pods, logs of containers or components, or metrics', async () => {
      const { facts } = stage().cluster;
      const places: [string, string][] = [
        ['etcd', (await stage().cluster.etcdContent()).toString('latin1')],
        ['the audit log', readFileSync(facts.auditLog, 'utf8')],
        ['events', await stage().kubectl('get', 'events', '--all-namespaces', '--output=json')],
        ['pods', await stage().kubectl('get', 'pods', '--all-namespaces', '--output=json')],
        ['descriptions', await stage().kubectl('describe', 'pods', '--all-namespaces')],
        ...filesBelow(`${facts.directory}/logs`),
      ];
      const { items } = JSON.parse(
        await stage().kubectl(`--namespace=${PRODUCT_NAMESPACE}`, 'get', 'pods', '--output=json'),
      ) as { items: { metadata: { name: string } }[] };
      for (const { metadata } of items) {
        const proxy = `/api/v1/namespaces/${PRODUCT_NAMESPACE}/pods/${metadata.name}:8080/proxy/metrics`;
        const metrics = await stage().kubectl('get', `--raw=${proxy}`);
        expect(metrics).toContain('secrets_injector_reviews_total');
        places.push(['metrics', metrics]);
      }
      const forbidden = forbiddenTexts();
      expect(forbidden.length).toBeGreaterThan(50);
      const hits = places.flatMap(([place, text]) =>
        forbidden.filter((each) => text.includes(each)).map((each) => `${each} in ${place}`),
      );
      expect(hits).toEqual([]);
      // A search that finds nothing anywhere would prove nothing: names of secrets are in these places.
      for (const [place, text] of places.slice(0, 2))
        expect([place, text.includes('secret:shop/')]).toEqual([place, true]);
    });
  });
}

function filesBelow(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => [entry.name, readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8')]);
}
