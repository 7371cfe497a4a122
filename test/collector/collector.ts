/** An OpenTelemetry Collector, compiled from Go: what it accepts is OTLP, whoever wrote the sender. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TlsMaterial } from '../aws-fake/certificates.ts';
import { build, isBuilt } from '../cluster/toolchain/build.ts';
import { sourceModules } from '../cluster/toolchain/versions.ts';

const MODULES = sourceModules('otel-collector', path.join(import.meta.dirname, 'program'), 3);

/** A span as the collector understood it. */
export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** 2 for a server, 3 for a client, 1 for neither. */
  readonly kind: number;
  /** In nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  /** 2 for an error. */
  readonly status: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

export interface Collector {
  /** For the setting `traces-endpoint`. */
  readonly endpoint: string;
  /** The address for programs that use gRPC. */
  readonly grpcEndpoint: string;
  /** Everything received so far. */
  text(): string;
  spans(): readonly CollectedSpan[];
  /** Resolves when this many spans of the trace arrived. The time limit of the test ends the wait. */
  waitFor(count: number, traceId?: string): Promise<readonly CollectedSpan[]>;
  stop(): Promise<void>;
}

/** Builds the collector. @returns why that is not possible */
export async function prepareCollector(): Promise<string | undefined> {
  if (!isBuilt(MODULES) && spawnSync('go', ['version']).status !== 0)
    return 'building the OpenTelemetry Collector needs Go, which is not installed';
  return build(MODULES).then(
    () => undefined,
    (error: unknown) => `the OpenTelemetry Collector could not be built: ${String(error)}`,
  );
}

/** Starts a collector. @param tls its certificate, to serve HTTPS */
export async function startCollector(tls?: Pick<TlsMaterial, 'cert' | 'key'>): Promise<Collector> {
  const program = path.join(await build(MODULES), path.basename(MODULES.folder));
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-collector-'));
  const received = path.join(folder, 'traces.json');
  const config = path.join(folder, 'config.json');
  const [port, grpcPort] = [await freePort(), await freePort()];
  writeFileSync(config, JSON.stringify(configuration({ port, grpcPort, tls }, received)));
  const child = spawn(program, ['--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await untilReady(child, port);
  const text = (): string => (existsSync(received) ? readFileSync(received, 'utf8') : '');
  const spans = (): readonly CollectedSpan[] => text().split('\n').filter(isComplete).flatMap(spansOf);
  return {
    endpoint: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v1/traces`,
    grpcEndpoint: `127.0.0.1:${grpcPort}`,
    text,
    spans,
    waitFor: async (count, traceId) => {
      for (;;) {
        const found = spans().filter((span) => traceId === undefined || span.traceId === traceId);
        if (found.length >= count) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Listening {
  readonly port: number;
  readonly grpcPort: number;
  readonly tls: Pick<TlsMaterial, 'cert' | 'key'> | undefined;
}

function configuration({ port, grpcPort, tls }: Listening, received: string): object {
  const [http, grpc] = [port, grpcPort].map((one) => ({
    endpoint: `127.0.0.1:${one}`,
    ...(tls === undefined ? {} : { tls: { cert_pem: tls.cert, key_pem: tls.key } }),
  }));
  return {
    receivers: { otlp: { protocols: { http, grpc } } },
    exporters: { file: { path: received, flush_interval: '20ms' } },
    service: { pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } } },
  };
}

/** Until the receiver listens: the collector says nothing by itself. */
async function untilReady(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!(await accepts(port))) {
    if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The collector may be writing the last line. */
function isComplete(line: string): boolean {
  try {
    return typeof JSON.parse(line) === 'object';
  } catch {
    return false;
  }
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Line {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly traceId: string;
        readonly spanId: string;
        readonly parentSpanId?: string;
        readonly kind: number;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly status?: { readonly code?: number };
        readonly attributes?: readonly Attribute[];
      }[];
    }[];
  }[];
}

function spansOf(line: string): readonly CollectedSpan[] {
  const { resourceSpans } = JSON.parse(line) as Line;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const common = valuesOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: String(common['service.name']),
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        kind: span.kind,
        start: BigInt(span.startTimeUnixNano),
        end: BigInt(span.endTimeUnixNano),
        status: span.status?.code ?? 0,
        attributes: valuesOf(span.attributes ?? []),
        resource: common,
      })),
    );
  });
}

/** Integers are text in the JSON of OTLP. */
function valuesOf(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => {
      const [[type, content] = []] = Object.entries(value);
      return [key, type === 'intValue' ? Number(content) : content];
    }),
  );
}
