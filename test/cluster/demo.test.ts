/** The demo on a cluster, as a new user runs it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { clusterUnavailable } from './cluster.ts';
import { hasFileKeys, wantedKubernetes } from './toolchain/versions.ts';

const reason =
  clusterUnavailable('node') ??
  (hasFileKeys(wantedKubernetes())
    ? undefined
    : 'its variables are native, which this Kubernetes version does not support');
if (reason !== undefined) process.stderr.write(`the demo on a cluster is skipped: ${reason}\n`);

describe('the demo on a cluster', () => {
  it.skipIf(reason !== undefined)('runs to the end', async () => {
    const demo = path.resolve(import.meta.dirname, '../../scripts/demo');
    // If a step fails, the demo ends with another exit code, and this call throws.
    const { stdout } = await promisify(execFile)(demo, ['--cluster']);
    expect(stdout).toContain('Everything that the application received is equal to the secrets.');
    expect(stdout).toContain('fileKeyRef');
  });
});
