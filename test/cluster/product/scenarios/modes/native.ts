/** Native variables: kubelet sets them byte for byte, in images with and without a shell, or not at all. */
import { describe, expect, it } from 'vitest';
import { until } from '../../../until.ts';
import { APPLICATION, STATIC_IMAGE } from '../../application-image.ts';
import { type Container, checksum, node, pod, printVariable, shell } from '../../pods.ts';
import { arnOf, canary, nativeCanary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const NATIVE = { 'secrets-injector.dev/env-mode': 'native' };

interface Status {
  readonly status: {
    readonly containerStatuses: readonly { readonly name: string; readonly restartCount: number }[];
  };
}
interface Spec {
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly volumeMounts: readonly { readonly name: string }[];
    }[];
  };
}

/** Values that some readers of env files break, but kubelet does not. */
function carried(): Readonly<Record<string, string>> {
  return {
    PLAIN: nativeCanary(''),
    HOSTILE: nativeCanary(),
    LINES: nativeCanary('\nexport A=b\n\n  # no comment\n\r\ttab\n'),
    LONG: nativeCanary('0123456789abcdef'.repeat(60 * 64)),
  };
}

export function native(stage: () => Stage): void {
  describe.concurrent('native variables', () => {
    it('are set in busybox, in an image without a shell and in Node, and other variables can refer to them', async () => {
      const name = await stage().namespace();
      const values = carried();
      const names = Object.keys(values);
      const arn = arnOf(name);
      stage().aws.putSecret({ arn, value: JSON.stringify(values) });
      const lines = names.map((each) => printVariable(each));
      const files = ['test ! -e /run/secrets/aws', `test -z "\${ABSENT+set}" && echo unset`];
      const composed = [
        { name: 'COMPOSED', value: 'https://$(PLAIN)@db/$(ABSENT)' },
        { name: 'AGAIN', value: '$(COMPOSED)' },
      ];
      const containers: readonly Container[] = [
        {
          ...shell('app', ...lines, ...files, printVariable('STAND_IN'), printVariable('AGAIN'), 'sleep 600'),
          env: composed,
        },
        {
          name: 'static',
          image: STATIC_IMAGE,
          args: [...names, 'ABSENT', 'STAND_IN'].map((each) => `env:${each}`).concat('wait'),
          readinessProbe: {
            exec: { command: [APPLICATION, 'is', 'env:HOSTILE', checksum(values['HOSTILE'] ?? '')] },
            periodSeconds: 1,
          },
        },
        node(
          'node',
          `for (const name of ${JSON.stringify(names)}) tell(process.env[name]); setInterval(() => {}, 1e6);`,
        ),
        // Fails once: kubelet reads the file again for every start of the container.
        {
          ...shell(
            'twice',
            printVariable('HOSTILE'),
            '[ -e /scratch/been ] || { touch /scratch/been; exit 1; }',
            'sleep 600',
          ),
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        },
      ];
      const form = [
        {
          secret: arn,
          env: {
            ...Object.fromEntries(names.map((each) => [each, each])),
            ABSENT: { key: 'nobody', optional: true },
            STAND_IN: { key: 'nobody', default: 'stands in' },
          },
        },
      ];
      await stage().mustCreate(
        pod(name, {
          annotations: { ...NATIVE, 'secrets-injector.dev/secrets': JSON.stringify(form) },
          containers,
          spec: { restartPolicy: 'Always', volumes: [{ name: 'scratch', emptyDir: {} }] },
        }),
      );
      const restarts = '{.status.containerStatuses[?(@.name=="twice")].restartCount}';
      await stage().waitFor(name, 'pod/app', restarts, '1');
      await stage().waitFor(name, 'pod/app', '{.status.conditions[?(@.type=="Ready")].status}', 'True');
      const sums = Object.values(values).map((value) => checksum(value));
      const composition = checksum(`https://${values['PLAIN']}@db/$(ABSENT)`);
      const printed: readonly (readonly [string, readonly string[]])[] = [
        ['app', [...sums, 'unset', checksum('stands in'), composition]],
        ['static', [...sums, 'unset', checksum('stands in')]],
        ['node', sums],
        ['twice', [checksum(values['HOSTILE'] ?? '')]],
      ];
      for (const [container, lines] of printed)
        expect(await stage().printed(name, 'app', container, lines.length)).toEqual(lines);
      const { status } = await stage().get<Status>(name, 'pod', 'app');
      expect(status.containerStatuses.filter(({ restartCount }) => restartCount > 0)).toHaveLength(1);
      const { spec } = await stage().get<Spec>(name, 'pod', 'app');
      expect(
        spec.containers
          .flatMap(({ volumeMounts }) => volumeMounts)
          .filter((mount) => mount.name === 'aws-secrets'),
      ).toEqual([]);
      const exec = (container: string, ...command: readonly string[]): Promise<string> =>
        stage().kubectl(`--namespace=${name}`, 'exec', 'app', `--container=${container}`, '--', ...command);
      expect(await exec('static', APPLICATION, 'env:LONG')).toBe(`${checksum(values['LONG'] ?? '')}\n`);
      expect(await exec('app', 'sh', '-c', printVariable('LINES'))).toBe(
        `${checksum(values['LINES'] ?? '')}\n`,
      );
    });

    it('with unsupported values: the pod shows which and why, and starts after the secret is fixed', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      const quoted = canary();
      const windows = canary('\r\nsecond line');
      const long = canary('x'.repeat(65_505));
      const broken = { QUOTED: quoted, EMPTY: '', WINDOWS: windows };
      const secret = stage().aws.putSecret({ arn, value: JSON.stringify(broken) });
      const longSecret = stage().aws.putSecret({ arn: arnOf(`${name}-long`), value: long });
      await stage().mustCreate(
        pod(name, {
          annotations: {
            ...NATIVE,
            'secrets-injector.dev/env.QUOTED': `${arn}:QUOTED`,
            'secrets-injector.dev/env.EMPTY': `${arn}:EMPTY`,
            'secrets-injector.dev/env.WINDOWS': `${arn}:WINDOWS`,
            'secrets-injector.dev/env.LONG': arnOf(`${name}-long`),
          },
          containers: [
            {
              name: 'app',
              image: STATIC_IMAGE,
              args: ['env:QUOTED', 'env:EMPTY', 'env:WINDOWS', 'env:LONG'],
            },
          ],
          spec: { restartPolicy: 'OnFailure' },
        }),
      );
      const described = await until(
        'the reason in the description of the pod',
        { seconds: 120 },
        async () => {
          const text = await stage().kubectl(`--namespace=${name}`, 'describe', 'pod', 'app');
          return text.includes('VALUE_NOT_REPRESENTABLE') ? text : undefined;
        },
      );
      expect(described).toContain('Exit Code:    14');
      for (const [variable, fault] of [
        ['QUOTED', 'contains a single quote'],
        ['EMPTY', 'is empty'],
        ['WINDOWS', 'contains a carriage return before a newline'],
        ['LONG', 'results in a line of more than 65535 bytes'],
      ])
        expect(described).toContain(
          `VALUE_NOT_REPRESENTABLE secrets-injector.dev/env.${variable}: the value of "${variable}" ${fault}, which a native variable cannot represent`,
        );
      expect(described).toContain('or set secrets-injector.dev/env-mode to shell or file');
      const fixed = {
        QUOTED: nativeCanary(),
        EMPTY: nativeCanary(),
        WINDOWS: nativeCanary('\nsecond line'),
      };
      const shorter = nativeCanary('x'.repeat(60_000));
      secret.putValue(JSON.stringify(fixed));
      longSecret.putValue(shorter);
      expect(await stage().outputOf(name, 'app')).toEqual(
        [...Object.values(fixed), shorter].map((value) => checksum(value)),
      );
    });
  });
}
