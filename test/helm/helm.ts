/** Runs Helm, which is built from its Go module, and kubectl on the chart and the kustomize base. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { build, isBuilt } from '../cluster/toolchain/build.ts';
import { findProgram } from '../cluster/toolchain/packages.ts';
import { type HelmVersion, helmModules } from '../cluster/toolchain/versions.ts';
import { at, type JsonObject, MANIFESTS } from '../unit/manifests/manifest-files.ts';

export const CHART = path.join(MANIFESTS, 'chart');
export const NAME = 'aws-secrets-injector';

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Why Helm cannot run here, as a reason to skip tests; undefined if it exists or can be built. */
export function helmUnavailable(version: HelmVersion): string | undefined {
  if (isBuilt(helmModules(version)) || spawnSync('go', ['version']).status === 0) return undefined;
  return `building Helm ${version} needs Go, which is not installed`;
}

/** Builds Helm if it is missing, with progress on stderr. */
export async function provideHelm(version: HelmVersion): Promise<string> {
  return path.join(await build(helmModules(version)), 'helm');
}

/** Runs Helm. @param variables for a cluster */
export async function runHelm(
  helm: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Run> {
  // Settings of the user must not change the result.
  const env = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...variables };
  const child = spawn(helm, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { status, stdout, stderr };
}

/** Renders the chart with default names. @param flags such as `--set=replicas=3` */
export async function template(helm: string, ...flags: readonly string[]): Promise<Run> {
  return await runHelm(helm, ['template', NAME, CHART, `--namespace=${NAME}`, ...flags]);
}

/** The objects of the chart, without hooks. @throws Error with Helm's message */
export async function chartObjects(
  helm: string,
  ...flags: readonly string[]
): Promise<readonly JsonObject[]> {
  const { status, stdout, stderr } = await template(helm, ...flags);
  if (status !== 0) throw new Error(stderr);
  return objectsIn(stdout).filter((object) => !isHook(object));
}

/** The objects that kustomize builds. @throws Error with its message */
export function kustomizeObjects(folder: string): readonly JsonObject[] {
  const { status, stdout, stderr } = spawnSync('kubectl', ['kustomize', folder], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  if (status !== 0) throw new Error(stderr);
  return objectsIn(stdout);
}

export function hasKubectl(): boolean {
  return findProgram('kubectl') !== undefined;
}

export function objectsIn(text: string): readonly JsonObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as JsonObject | null)
    .filter((object) => object !== null);
}

function isHook(object: JsonObject): boolean {
  return Object.hasOwn((at(object, 'metadata.annotations') ?? {}) as JsonObject, 'helm.sh/hook');
}
