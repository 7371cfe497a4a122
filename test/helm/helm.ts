/** Runs Helm, which is built from its Go module, and kubectl on the chart and the kustomize base. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
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

/** Runs Helm. @param env for a cluster */
export function runHelm(helm: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const { status, stdout, stderr } = spawnSync(helm, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    // Settings of the user must not change the result.
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
  });
  return { status, stdout, stderr };
}

/** Renders the chart with default names. @param flags such as `--set=replicas=3` */
export function template(helm: string, ...flags: readonly string[]): Run {
  return runHelm(helm, ['template', NAME, CHART, `--namespace=${NAME}`, ...flags]);
}

/** The objects of the chart, without hooks. @throws Error with Helm's message */
export function chartObjects(helm: string, ...flags: readonly string[]): readonly JsonObject[] {
  const { status, stdout, stderr } = template(helm, ...flags);
  if (status !== 0) throw new Error(stderr);
  return objectsIn(stdout).filter(
    (object) => at(object, 'metadata.annotations')?.['helm.sh/hook' as never] === undefined,
  );
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
