/** Shell mode: a POSIX shell reads the env file and becomes the application, whatever the values hold. */
import { describe, expect, it } from 'vitest';
import { APPLICATION, STATIC_IMAGE, STATIC_IMAGE_WITH_SHELL } from '../../application-image.ts';
import { checksum, pod, printVariable, shell } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const SHELL = { 'secrets-injector.dev/env-mode': 'shell' };

export function shellMode(stage: () => Stage): void {
  describe.concurrent('variables through a shell', () => {
    it('reach a shell and a static program, with values that native variables cannot carry', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      const values = {
        HOSTILE: canary(),
        WINDOWS: canary('\r\nsecond line\r\n'),
        QUOTES: canary(`\\''"'$(exit 1)\`x\`\n'\n`),
        LONG: canary("'".repeat(15_000)),
        EMPTY: '',
        UNICODE: canary('\u00e9\u{1f600}'),
      };
      stage().aws.putSecret({ arn, value: JSON.stringify(values) });
      const names = Object.keys(values);
      await stage().mustCreate(
        pod(name, {
          annotations: { ...SHELL, 'secrets-injector.dev/env-from.all': arn },
          containers: [
            shell('app', ...names.map((each) => printVariable(each))),
            {
              name: 'static',
              image: STATIC_IMAGE_WITH_SHELL,
              command: [APPLICATION],
              args: names.map((each) => `env:${each}`),
            },
          ],
        }),
      );
      const sums = Object.values(values).map((value) => checksum(value));
      expect(await stage().outputOf(name, 'app', 'app')).toEqual(sums);
      expect(await stage().logs(name, 'app', 'static')).toEqual(sums);
    });

    it('in an image without one: the container does not start, and kubelet names what is missing', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      stage().aws.putSecret({ arn, value: canary() });
      await stage().mustCreate(
        pod(name, {
          annotations: { ...SHELL, 'secrets-injector.dev/env.TOKEN': arn },
          containers: [{ name: 'app', image: STATIC_IMAGE, command: [APPLICATION], args: ['env:TOKEN'] }],
        }),
      );
      const message = '{.status.containerStatuses[0].state.terminated.reason}';
      await stage().waitFor(name, 'pod/app', message, 'StartError');
      const described = await stage().kubectl(`--namespace=${name}`, 'describe', 'pod', 'app');
      expect(described).toContain('/bin/sh');
    });

    it('without a command in the pod: refused, and told what to write', async () => {
      const name = await stage().namespace();
      const annotations = { ...SHELL, 'secrets-injector.dev/env.TOKEN': arnOf(name) };
      const containers = [{ name: 'app', image: STATIC_IMAGE_WITH_SHELL }];
      const { status, stderr } = await stage().create(pod(name, { annotations, containers }));
      expect(status).toBe(1);
      expect(stderr).toContain('ENV_MODE_NEEDS_COMMAND');
    });
  });
}
