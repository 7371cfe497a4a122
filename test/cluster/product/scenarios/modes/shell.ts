/** Shell mode: a POSIX shell sources the env file and executes the application, for any values. */
import { describe, expect, it } from 'vitest';
import { APPLICATION, STATIC_IMAGE, STATIC_IMAGE_WITH_SHELL } from '../../application-image.ts';
import { checksum, pod, printVariable, shell } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const SHELL = { 'secrets-injector.dev/env-mode': 'shell' };

export function shellMode(stage: () => Stage): void {
  describe.concurrent('variables in shell mode', () => {
    it('are set in a shell and a static program, with values that native variables cannot represent', async () => {
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

    it('in an image without a shell: the container does not start, and kubelet names the missing program', async () => {
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

    it('without a command in the pod: rejected', async () => {
      const name = await stage().namespace();
      const annotations = { ...SHELL, 'secrets-injector.dev/env.TOKEN': arnOf(name) };
      const containers = [{ name: 'app', image: STATIC_IMAGE_WITH_SHELL }];
      const { status, stderr } = await stage().create(pod(name, { annotations, containers }));
      expect(status).toBe(1);
      expect(stderr).toContain('ENV_MODE_NEEDS_COMMAND');
    });
  });
}
