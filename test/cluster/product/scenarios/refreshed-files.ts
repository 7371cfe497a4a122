/** A server reloads its secret while it runs: the sidecar replaces the files, tells the server, and no request is lost. */
import { describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import { checksum, node, pod } from '../pods.ts';
import { arnOf, canary } from '../secrets.ts';
import type { Stage } from '../stage.ts';

/** Reads the file at the start, on SIGHUP and on a request to /reload, and shows what it has from each. */
const SERVER = `
const { existsSync, readFileSync } = require('node:fs');
const sum = () => createHash('sha256').update(readFileSync('/run/secrets/aws/value')).digest('hex');
const known = { signal: sum(), call: sum() };
process.on('SIGHUP', () => { known.signal = sum(); });
require('node:http').createServer((request, response) => {
  if (request.url === '/reload') known.call = sum();
  response.end(JSON.stringify({ ...known, touched: existsSync('/run/secrets/aws/reloaded') }));
}).listen(8080);
`;

interface Answer {
  readonly signal: string;
  readonly call: string;
  readonly touched: boolean;
}

export function refreshedFiles(stage: () => Stage): void {
  describe('refreshed files', { concurrent: true }, () => {
    it('a server reloads a rotated secret by signal, request and file, and loses no request', async () => {
      const name = await stage().namespace();
      const arn = arnOf(`${name}-reloaded`);
      const [first, second] = [canary(), canary()];
      const secret = stage().aws.putSecret({ arn, value: first });
      await stage().mustCreate(
        pod(name, {
          annotations: {
            'secrets-injector.dev/file.value': arn,
            'secrets-injector.dev/refresh': '30s',
            'secrets-injector.dev/on-change': 'signal:HUP, http://localhost:8080/reload, touch:reloaded',
            'secrets-injector.dev/run-as-user': '65532',
          },
          containers: [node('app', SERVER)],
          spec: { shareProcessNamespace: true },
        }),
      );
      await stage().waitFor(name, 'pod/app', '{.status.phase}', 'Running');
      const { status } = await stage().get<{ status: { podIP: string } }>(name, 'pod', 'app');
      const ask = async (): Promise<Answer> => {
        const response = await fetch(`http://${status.podIP}:8080/`, { signal: AbortSignal.timeout(5000) });
        return (await response.json()) as Answer;
      };
      const before = await until('the server', { seconds: 30 }, ask);
      expect(before).toEqual({ signal: checksum(first), call: checksum(first), touched: false });

      secret.putValue(second);
      const lost: unknown[] = [];
      const reloaded = { signal: checksum(second), call: checksum(second), touched: true };
      await until('the new secret in the server', { seconds: 60 }, async () => {
        const answer = await ask().catch((error: unknown) => void lost.push(error));
        return JSON.stringify(answer) === JSON.stringify(reloaded) ? true : undefined;
      });
      expect(lost).toEqual([]);
    });
  });
}
