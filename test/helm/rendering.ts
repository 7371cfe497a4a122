/** Renders the chart with values, for one version of Helm, and finds objects in the result. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { HelmVersion } from '../cluster/toolchain/versions.ts';
import { at, type Json, type JsonObject, listAt } from '../unit/manifests/manifest-files.ts';
import {
  CHART,
  chartObjects,
  helmUnavailable,
  NAME,
  objectsIn,
  provideHelm,
  type Run,
  runHelm,
} from './helm.ts';

export const POD = 'spec.template.spec';

export class Rendering {
  readonly #version: HelmVersion;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-values-'));
  #helm = '';
  /** Why Helm cannot run here. */
  readonly missing: string | undefined;

  /** Builds Helm before the tests of a suite. */
  constructor(version: HelmVersion) {
    this.#version = version;
    this.missing = helmUnavailable(version);
    if (this.missing !== undefined) process.stderr.write(`skipped: ${this.missing}\n`);
    beforeAll(async () => {
      if (this.missing === undefined) this.#helm = await provideHelm(this.#version);
    }, 1_800_000);
    afterAll(() => rmSync(this.#folder, { recursive: true, force: true }));
  }

  /** Runs Helm with a file of values. */
  async run(values: object, ...args: readonly string[]): Promise<Run> {
    return await runHelm(this.#helm, [...args, this.#flagFor(values)]);
  }

  async lint(): Promise<Run> {
    return await runHelm(this.#helm, ['lint', '--strict', CHART]);
  }

  /** The text of all objects, with hooks. */
  async text(values: object): Promise<string> {
    const { stdout } = await this.run(values, 'template', NAME, CHART, `--namespace=${NAME}`);
    return stdout;
  }

  /** Objects without hooks. */
  async objects(values: object = {}): Promise<readonly JsonObject[]> {
    return await chartObjects(this.#helm, this.#flagFor(values));
  }

  /** Objects with hooks, of a release with other names. */
  async elsewhere(values: object, namespace: string): Promise<readonly JsonObject[]> {
    const { stdout } = await this.run(values, 'template', 'other', CHART, `--namespace=${namespace}`);
    return objectsIn(stdout);
  }

  async deployment(values: object): Promise<JsonObject | undefined> {
    return named(await this.objects(values), 'Deployment');
  }

  /** The variables of the webhook that have a text. */
  async environment(values: object): Promise<Readonly<Record<string, Json | undefined>>> {
    const [container] = listAt(await this.deployment(values), `${POD}.containers`);
    return Object.fromEntries(listAt(container, 'env').map(({ name, value }) => [name, value]));
  }

  #flagFor(values: object): string {
    const file = path.join(this.#folder, 'values.yaml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(values));
    return `--values=${file}`;
  }
}

export function named(objects: readonly JsonObject[], kind: string, name = NAME): JsonObject | undefined {
  return objects.find((one) => at(one, 'kind') === kind && at(one, 'metadata.name') === name);
}
