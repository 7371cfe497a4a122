/** The metrics of the sidecar: their text, and the server. */
import { once } from 'node:events';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MetricsServer } from '../../../../src/fetcher/refresh/metrics-server.ts';
import { RefreshMetrics } from '../../../../src/fetcher/refresh/refresh-metrics.ts';
import { idOf } from '../../../fetcher/memory-secrets.ts';
import { arnOf } from '../../../fetcher/plans.ts';

const START = {
  seconds: 300,
  lookSeconds: 30,
  statusFile: '',
  root: '/',
  arns: [arnOf('a'), arnOf('b'), arnOf('c')],
  versions: [{ id: idOf('a') }, 'absent', null],
  isRestart: false,
  port: 0,
} as const;

describe('the text', () => {
  it('has the versions that are known, and the age by the monotonic clock', () => {
    const now = { wall: 1_800_000_000_000, monotonic: 5_000 };
    const metrics = new RefreshMetrics(START, { wall: () => now.wall, monotonic: () => now.monotonic });
    now.wall -= 86_400_000;
    now.monotonic += 2_500;
    expect(metrics.text.match(/^[^#\n]*version_info.*$/gm)).toEqual([
      `secrets_injector_secret_version_info{secret="${arnOf('a')}",index="0",version_id="${idOf('a')}"} 1`,
    ]);
    expect(metrics.text).toContain('secrets_injector_refresh_age_seconds 2.5\n');
    expect(metrics.text).toContain('secrets_injector_refresh_last_success_timestamp_seconds 1800000000\n');
  });

  it('is in the format of Prometheus, whatever a label contains', () => {
    const metrics = new RefreshMetrics(START, { wall: () => 0, monotonic: () => 0 });
    metrics.acted([{ action: 'http://localhost/"\\\n' }], 0);
    expect(metrics.text).toContain('{action="http://localhost/\\"\\\\\\n",outcome="done"} 1\n');
    for (const line of metrics.text.trimEnd().split('\n'))
      expect(line).toMatch(
        /^(?:# (?:HELP|TYPE) secrets_injector_\w+ .+|secrets_injector_\w+(?:\{.*\})? \d+(?:\.\d+)?)$/,
      );
  });

  it('a failed look keeps the versions that are in the files', () => {
    const metrics = new RefreshMetrics(START, { wall: () => 0, monotonic: () => 0 });
    const problem = { code: 'AWS_THROTTLED', subject: '', wrong: '', expected: '' } as const;
    const problems = [problem, problem];
    metrics.looked({ outcome: 'failed', end: 'throttled', problems, versions: [], warnings: [] });
    expect(metrics.text).toContain(`version_id="${idOf('a')}"`);
    expect(metrics.text).toContain('secrets_injector_refresh_failures_total{code="AWS_THROTTLED"} 1\n');
    expect(metrics.text).toContain('secrets_injector_refresh_failing 1\n');
  });
});

describe('the server', () => {
  const sockets: net.Socket[] = [];
  let port: number;
  beforeAll(async () => {
    port = Number(await new MetricsServer(0, () => 'metrics\n').listen());
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  async function send(...parts: readonly string[]): Promise<string> {
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    const answer = text(socket).catch(() => '');
    await once(socket, 'connect');
    for (const part of parts) socket.write(part);
    return answer;
  }

  it('answers a request, also in parts, and closes the connection', async () => {
    const answer = await send('GET /metrics HTTP/1.1\r\nhost: x\r\n', '\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toMatch(/content-length: 8\r\nconnection: close\r\n\r\nmetrics\n$/);
  });

  it.each([
    'GET / HTTP/1.1',
    'GET /metricsx HTTP/1.1',
    'POST /metrics HTTP/1.1',
    'GET /metrics',
    ' GET /metrics HTTP/1.1',
  ])('"%s" is not found', async (line) => {
    expect(await send(`${line}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('more than eight kilobytes without an end are no request', async () => {
    expect(await send('GET /metrics HTTP/1.1\r\n', `x: ${'a'.repeat(9_000)}`)).toBe('');
  });

  it('a port that is taken is an error code, not an error', async () => {
    expect(await new MetricsServer(port, () => '').listen()).toBe('EADDRINUSE');
  });

  it('only the loopback address answers', async () => {
    const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const other = others.find(({ family, internal }) => family === 'IPv4' && !internal);
    const socket = net.connect(port, other?.address ?? '127.0.0.2');
    sockets.push(socket);
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
  });
});
