/** Views: containers with different sets of secrets have different volumes, and cannot read each other's secrets. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checksum, pod, printFile, printVariable, shell } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const FOLDER = '/run/secrets/aws';
const LIST = `find -L ${FOLDER} -name '..*' -prune -o -type f -print | sort`;

interface PodObject {
  readonly metadata: { readonly uid: string };
  readonly spec: Readonly<Record<'containers' | 'initContainers', readonly SpecContainer[]>>;
}
interface SpecContainer {
  readonly name: string;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export function views(stage: () => Stage): void {
  describe.concurrent('containers with different sets of secrets', () => {
    it('have different volumes, on the node and in the containers', async () => {
      const name = await stage().namespace();
      const [first, second] = [canary(), canary()];
      stage().aws.putSecret({ arn: arnOf(`${name}-first`), value: first });
      stage().aws.putSecret({ arn: arnOf(`${name}-second`), value: second });
      const form = [
        {
          secret: 'first',
          env: { FIRST: {} },
          files: { 'first.txt': {} },
          containers: ['app', 'both', 'prepare'],
        },
        { secret: 'second', files: { 'deep/second.txt': {} }, containers: ['worker', 'both'] },
      ];
      const without = `test ! -e ${FOLDER} && test -z "$FIRST" && echo none`;
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/secret.first': arnOf(`${name}-first`),
            'secrets-injector.dev/secret.second': arnOf(`${name}-second`),
            'secrets-injector.dev/secrets': JSON.stringify(form),
            'secrets-injector.dev/env-mode': 'shell',
          },
          initContainers: [
            shell('prepare', printVariable('FIRST'), printFile(`${FOLDER}/first.txt`), LIST),
            shell('early', without),
          ],
          containers: [
            shell('app', printVariable('FIRST'), LIST, 'sleep 600'),
            shell('worker', 'test -z "$FIRST"', printFile(`${FOLDER}/deep/second.txt`), LIST, 'sleep 600'),
            shell('both', printVariable('FIRST'), printFile(`${FOLDER}/deep/second.txt`), LIST, 'sleep 600'),
            shell('bystander', without, 'sleep 600'),
          ],
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Running');
      const ofFirstView = [`${FOLDER}/env`, `${FOLDER}/first.txt`];
      const secondFile = `${FOLDER}/deep/second.txt`;
      const ofFirst = checksum(first);
      const ofSecond = checksum(second);
      const expectLines = async (container: string, lines: readonly string[]): Promise<void> =>
        expect(await stage().printed(name, 'app', container, lines.length)).toEqual(lines);
      await expectLines('prepare', [ofFirst, ofFirst, ...ofFirstView]);
      await expectLines('app', [ofFirst, ...ofFirstView]);
      await expectLines('worker', [ofSecond, secondFile]);
      await expectLines('both', [ofFirst, ofSecond, secondFile, ...ofFirstView]);
      await expectLines('early', ['none']);
      await expectLines('bystander', ['none']);

      const { metadata, spec } = await stage().get<PodObject>(name, 'pod', 'app');
      const mounts = [...spec.initContainers, ...spec.containers].map((container) => [
        container.name,
        ...container.volumeMounts.filter(({ mountPath }) => mountPath === FOLDER).map((mount) => mount.name),
      ]);
      expect(mounts).toEqual([
        ['aws-secrets-fetch'],
        ['prepare', 'aws-secrets'],
        ['early'],
        ['app', 'aws-secrets'],
        ['worker', 'aws-secrets-2'],
        ['both', 'aws-secrets-1'],
        ['bystander'],
      ]);
      const root = stage().cluster.facts.node?.kubeletRoot ?? '';
      const volumes = path.join(root, 'pods', metadata.uid, 'volumes/kubernetes.io~empty-dir');
      const visible = (volume: string): readonly string[] =>
        readdirSync(path.join(volumes, volume))
          .filter((file) => !file.startsWith('.'))
          .sort();
      expect(visible('aws-secrets')).toEqual(['env', 'first.txt']);
      expect(visible('aws-secrets-1')).toEqual(['deep', 'env', 'first.txt']);
      expect(visible('aws-secrets-2')).toEqual(['deep']);
    });
  });
}
