/** File mode: the application reads the env file in a format that it supports. */
import { describe, expect, it } from 'vitest';
import { STATIC_IMAGE } from '../../application-image.ts';
import { checksum, node, pod, printVariable, shell } from '../../pods.ts';
import { arnOf, canary } from '../../secrets.ts';
import type { Stage } from '../../stage.ts';

const ENV = '/run/secrets/aws/env';

export function fileMode(stage: () => Stage): void {
  describe.concurrent('the env file', () => {
    it('dotenv: Node reads it with --env-file', async () => {
      const values = {
        QUOTED: canary(`' # x`),
        DOUBLE: canary('" # $x \u00e9'),
        EMPTY: '',
        LONG: canary('x'.repeat(60_000)),
      };
      const names = JSON.stringify(Object.keys(values));
      const script = `for (const name of ${names}) tell(process.env[name]);`;
      await reads(stage(), 'dotenv', values, node('app', script, `--env-file=${ENV}`));
    });

    it('json: Node reads it', async () => {
      const values = { HOSTILE: canary(), LINES: canary('\r\n\u0000\t\u00e9\u{1f600}'), EMPTY: '' };
      const script = `for (const value of Object.values(JSON.parse(require('node:fs').readFileSync('${ENV}', 'utf8')))) tell(value);`;
      await reads(stage(), 'json', values, node('app', script));
    });

    it('shell: a shell sources it', async () => {
      const values = { HOSTILE: canary(), LINES: canary(`\r\n'\n`), EMPTY: '' };
      const lines = Object.keys(values).map((name) => printVariable(name));
      await reads(stage(), 'shell', values, shell('app', `. ${ENV}`, ...lines));
    });

    it('in an image without a shell, in the default format shell', async () => {
      const name = await stage().namespace();
      const arn = arnOf(name);
      const value = canary();
      stage().aws.putSecret({ arn, value });
      await stage().mustCreate(
        pod(name, {
          annotations: { 'secrets-injector.dev/env.TOKEN': arn, 'secrets-injector.dev/env-mode': 'file' },
          containers: [{ name: 'app', image: STATIC_IMAGE, args: [`file:${ENV}`, 'env:TOKEN'] }],
        }),
      );
      const written = `TOKEN='${value.replaceAll("'", `'\\''`)}'\n`;
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(written), 'unset']);
    });
  });
}

async function reads(
  stage: Stage,
  format: string,
  values: Readonly<Record<string, string>>,
  container: ReturnType<typeof shell>,
): Promise<void> {
  const name = await stage.namespace();
  const arn = arnOf(name);
  stage.aws.putSecret({ arn, value: JSON.stringify(values) });
  const annotations = {
    'secrets-injector.dev/env-from.all': arn,
    'secrets-injector.dev/env-mode': 'file',
    'secrets-injector.dev/env-format': format,
  };
  await stage.mustCreate(pod(name, { annotations, containers: [container] }));
  expect(await stage.outputOf(name, 'app')).toEqual(Object.values(values).map((value) => checksum(value)));
}
