/** A release of the chart in a cluster. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { CHART, NAME, type Run, runHelm } from '../../helm/helm.ts';
import { ROOT } from '../../image/built-image.ts';
import type { Api } from '../product/api.ts';
import { IMAGE_NAME, IMAGE_TAG } from '../product/product-image.ts';

export const IMAGE_FLAGS = [`--set=image.repository=${IMAGE_NAME}`, `--set=image.tag=${IMAGE_TAG}`];
const WAIT = ['--wait', '--timeout=180s'];

export class Release {
  readonly #api: Api;
  readonly #helm: string;
  readonly name: string;
  readonly namespace: string;

  /** @param helm the program */
  constructor(api: Api, helm: string, name = NAME, namespace = NAME) {
    this.#api = api;
    this.#helm = helm;
    this.name = name;
    this.namespace = namespace;
  }

  /** Runs Helm in the namespace of the release. */
  async helm(...args: readonly string[]): Promise<Run> {
    const { facts } = this.#api.cluster;
    const home = path.join(facts.directory, 'helm');
    mkdirSync(home, { recursive: true });
    return await runHelm(this.#helm, [...args, `--namespace=${this.namespace}`], {
      KUBECONFIG: facts.kubeconfig,
      HOME: home,
    });
  }

  /** @throws Error with Helm's output, and the pods of the namespace */
  async must(...args: readonly string[]): Promise<Run> {
    const run = await this.helm(...args);
    if (run.status === 0) return run;
    const pods = await this.#api.cluster.kubectl([`--namespace=${this.namespace}`, 'describe', 'pods']);
    throw new Error(
      `helm ${args[0]} ended with ${run.status}: ${run.stderr}${run.stdout}\n${pods.stdout.slice(-4000)}`,
    );
  }

  async install(chart = CHART, ...flags: readonly string[]): Promise<Run> {
    return await this.must(
      'install',
      this.name,
      chart,
      '--create-namespace',
      ...WAIT,
      ...IMAGE_FLAGS,
      ...flags,
    );
  }

  async upgrade(chart = CHART, ...flags: readonly string[]): Promise<Run> {
    return await this.must('upgrade', this.name, chart, ...WAIT, ...IMAGE_FLAGS, ...flags);
  }

  async uninstall(...flags: readonly string[]): Promise<Run> {
    return await this.must('uninstall', this.name, ...WAIT, ...flags);
  }
}

/**
 * Writes the chart before its last change.
 * @returns its folder, or why there is none
 */
export function previousChart(folder: string): { readonly chart: string } | { readonly missing: string } {
  const git = (...args: readonly string[]) => spawnSync('git', ['-C', ROOT, ...args], { maxBuffer: 1 << 26 });
  const log = git('log', '--format=%H', '--max-count=2', '--', 'manifests/chart');
  if (log.status !== 0) return { missing: 'this is not a checkout of git' };
  const [last = '', before] = log.stdout.toString().trim().split('\n');
  // With changes that are not committed, the last commit has the chart before them.
  const isChanged = git('diff', '--quiet', 'HEAD', '--', 'manifests/chart').status !== 0;
  const commit = isChanged ? last : before;
  if (commit === undefined || commit === '') return { missing: 'no earlier commit contains the chart' };
  const archive = git('archive', commit, 'manifests/chart');
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync('tar', ['--extract', '--directory', folder], { input: archive.stdout });
  if (archive.status !== 0 || status !== 0) return { missing: `the chart of ${commit} cannot be read` };
  return { chart: path.join(folder, 'manifests/chart') };
}
