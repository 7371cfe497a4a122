/** promtool and Prometheus, built from their Go module. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePorts } from '../cluster/addresses.ts';
import { build, isBuilt } from '../cluster/toolchain/build.ts';
import { prometheusModules } from '../cluster/toolchain/versions.ts';
import { until } from '../cluster/until.ts';
import { RULES_FILE } from './queries.ts';

/** Why the tests cannot run here, as a reason to skip them. */
export function prometheusUnavailable(): string | undefined {
  if (isBuilt(prometheusModules()) || spawnSync('go', ['version']).status === 0) return undefined;
  return 'building Prometheus needs Go, which is not installed';
}

export interface Programs {
  readonly folder: string;
  /** Runs promtool. */
  promtool(args: readonly string[]): { readonly status: number | null; readonly output: string };
}

/** Builds the programs if they are missing, which takes some minutes. */
export async function providePrometheus(): Promise<Programs> {
  const folder = await build(prometheusModules());
  return {
    folder,
    promtool: (args) => {
      const { status, stdout, stderr } = spawnSync(path.join(folder, 'promtool'), args, { encoding: 'utf8' });
      return { status, output: stdout + stderr };
    },
  };
}

export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export interface Prometheus {
  readonly url: string;
  /** Runs a query over the HTTP API. @throws Error with the message of Prometheus */
  query(
    api: 'query' | 'query_range',
    parameters: Readonly<Record<string, string>>,
  ): Promise<readonly Result[]>;
  stop(): Promise<void>;
}

/** Starts Prometheus with the rules and with samples of the past. @param openMetrics the samples, with timestamps */
export async function startPrometheus(
  { folder, promtool }: Programs,
  openMetrics: string,
): Promise<Prometheus> {
  const directory = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-prometheus-'));
  const samples = path.join(directory, 'samples.txt');
  const data = path.join(directory, 'data');
  const config = path.join(directory, 'prometheus.yml');
  writeFileSync(samples, openMetrics);
  const { status, output } = promtool(['tsdb', 'create-blocks-from', 'openmetrics', samples, data]);
  if (status !== 0) throw new Error(`promtool could not import the samples: ${output}`);
  writeFileSync(config, JSON.stringify({ rule_files: [RULES_FILE], global: { evaluation_interval: '1s' } }));
  const [port = 0] = await freePorts(1);
  const child = spawn(
    path.join(folder, 'prometheus'),
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${data}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill();
    await ended;
    rmSync(directory, { recursive: true });
  };
  try {
    await until('Prometheus to be ready', { seconds: 60 }, async () =>
      (await fetch(`${url}/-/ready`)).ok ? true : undefined,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    query: async (api, parameters) => {
      const answer = await fetch(`${url}/api/v1/${api}?${new URLSearchParams(parameters)}`);
      const body = (await answer.json()) as {
        readonly error?: string;
        readonly data?: { readonly result: readonly Result[] };
      };
      if (body.data === undefined) throw new Error(`${parameters['query']}: ${body.error}`);
      return body.data.result;
    },
    stop,
  };
}
