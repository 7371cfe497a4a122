/** Pods whose files are refreshed while they run. All wait for their first look, which comes within half a minute. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { checksum, node, pod, podTemplate, shell } from '../pods.ts';
import { TEST_NODE } from '../product-image.ts';
import { arnOf, canary } from '../secrets.ts';
import type { Stage } from '../stage.ts';

const SECONDS = 90;
const USER = { securityContext: { runAsUser: 1234, runAsGroup: 1234, runAsNonRoot: true } };
const FILE = '/run/secrets/aws/value';

/** An application that reads its file after a signal and after a call, and says so. */
const RELOADS = `
const { readFileSync, existsSync } = require('node:fs');
const read = (why) => { process.stdout.write(why + ' '); tell(readFileSync('${FILE}')); };
process.on('SIGHUP', () => read('HUP'));
require('node:http').createServer((request, response) => {
  read(request.method + ' ' + request.url + ' ' + existsSync('/run/secrets/aws/reloaded'));
  response.end();
}).listen(8080, '127.0.0.1', () => read('start'));
`;

/** In Node: prints the metrics of the sidecar. */
const METRICS = `
require('node:http').get('http://127.0.0.1:15470/metrics', (response) => response.pipe(process.stdout));
`;

export function refresh(stage: () => Stage): void {
  describe.concurrent('with refresh', () => {
    it('a rotation reaches the files of a running pod, and the application is told in every way', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      const [old, rotated] = [canary(), canary()];
      const secret = stage().aws.putSecret({ arn, value: old });
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/file.value': arn,
            'secrets-injector.dev/refresh': '30s',
            'secrets-injector.dev/refresh-required': 'true',
            'secrets-injector.dev/on-change':
              'signal:HUP, touch:reloaded, http://localhost:8080/reload?all=1',
          },
          containers: [node('app', RELOADS)],
          spec: { ...USER, shareProcessNamespace: true },
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.conditions[?(@.type=="Ready")].status}', 'True');
      expect(await stage().printed(name, 'app', 'app', 1)).toEqual([`start ${checksum(old)}`]);
      const { id } = secret.putValue(rotated);
      const lines = await until('the rotation', { seconds: SECONDS }, async () => {
        const printed = await stage().logs(name, 'app');
        return printed.length >= 3 ? printed.slice(1).toSorted() : undefined;
      });
      expect(lines[0]).toBe(`HUP ${checksum(rotated)}`);
      expect(lines[1]).toMatch(/^POST \/reload\?all=1 (?:true|false) /);
      expect(lines[1]).toContain(checksum(rotated));
      const log = (await stage().logs(name, 'app', 'aws-secrets-fetch')).filter((line) =>
        line.startsWith('{'),
      );
      const events = log.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(events.filter(({ msg }) => msg === 'on-change done').map(({ action }) => action)).toEqual([
        'signal:HUP@app',
        'touch:reloaded',
        'http://localhost:8080/reload?all=1',
      ]);
      expect(events.filter(({ level }) => level !== 'info')).toEqual([]);
      const exec = [`--namespace=${name}`, 'exec', 'app', '--container=app', '--', TEST_NODE, '--eval'];
      const { stdout } = await stage().cluster.kubectl([...exec, METRICS]);
      expect(stdout).toContain(
        `secrets_injector_secret_version_info{secret="${arn}",index="0",version_id="${id}"} 1`,
      );
      expect(stdout).toContain('secrets_injector_on_change_due 0');
    });

    it('a process of another user gets no signal, and the log and the metrics say so', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      const secret = stage().aws.putSecret({ arn, value: canary() });
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/file.value': arn,
            'secrets-injector.dev/refresh': '30s',
            'secrets-injector.dev/on-change': 'signal:TERM',
            'secrets-injector.dev/run-as-user': '4321',
          },
          // As root, which only the image says. The webhook believes the annotation.
          containers: [shell('app', 'trap "echo ended; exit" TERM', 'while :; do sleep 0.2; done')],
          spec: { shareProcessNamespace: true },
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Running');
      secret.putValue(canary());
      const failed = await until('the refused signal', { seconds: SECONDS }, async () => {
        const lines = await stage().logs(name, 'app', 'aws-secrets-fetch');
        return lines.find((line) => line.includes('on-change failed'));
      });
      expect(JSON.parse(failed)).toMatchObject({
        level: 'error',
        action: 'signal:TERM@app',
        codes: 'CHANGE_SIGNAL_DENIED',
      });
      expect(await stage().logs(name, 'app')).toEqual(['']);
    });

    it('a Job finishes', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      stage().aws.putSecret({ arn, value: canary() });
      const template = podTemplate({
        annotations: { 'secrets-injector.dev/file.value': arn, 'secrets-injector.dev/refresh': '1h' },
        containers: [shell('app', `test -s ${FILE}`)],
        spec: { ...USER, terminationGracePeriodSeconds: 60 },
      });
      await stage().mustCreate({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { namespace: name, name: 'work' },
        spec: { template, backoffLimit: 0 },
      });
      const complete = '{.status.conditions[?(@.type=="Complete")].status}';
      await stage().waitFor(name, 'job/work', complete, 'True');
      const pods = await stage().get<{
        readonly items: readonly {
          readonly status: {
            readonly initContainerStatuses: readonly { readonly state: { readonly terminated?: object } }[];
          };
        }[];
      }>(name, 'pods');
      const [sidecar] = pods.items[0]?.status.initContainerStatuses ?? [];
      // Not killed at the end of the grace period.
      expect(sidecar?.state.terminated).toMatchObject({ exitCode: 0, reason: 'Completed' });
    });
  });
}
