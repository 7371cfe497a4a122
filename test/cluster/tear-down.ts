/** Removes everything that a run created, in any state of the run. */
import { existsSync, rmSync } from 'node:fs';
import { removeCgroups } from './cgroups.ts';
import { removeFirewallRules } from './firewall.ts';
import { restoreKernelSettings } from './kernel-settings.ts';
import { unmountBelow } from './mounts.ts';
import { removeBridge } from './network.ts';
import { killAll, markedProcesses, processesInCgroup } from './processes.ts';
import type { Run } from './run.ts';
import { removeRuntimeLeftovers } from './runtime-leftovers.ts';
import { until } from './until.ts';

/**
 * Tears a run down: processes, mounts, interfaces, firewall rules, cgroups, kernel settings and files.
 * @returns what could not be removed
 */
export async function tearDown(run: Run): Promise<readonly string[]> {
  const problems: string[] = [];
  const attempt = async (what: string, step: () => Promise<void> | void): Promise<void> => {
    try {
      await step();
    } catch (error) {
      problems.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await attempt('processes', async () => await killProcesses(run));
  if (run.level === 'node') {
    await attempt('mounts', () => unmountBelow(run.directory));
    await attempt('bridge', () => removeBridge(run.name));
    await attempt('firewall rules', () => removeFirewallRules(run.name));
    await attempt('cgroups', async () => await removeCgroups(run.name));
    await attempt('files in fixed places', () => removeRuntimeLeftovers(run.directory, run.fixedPlaces));
    await attempt('kernel settings', () => restoreKernelSettings(run.kernelSettings));
  }
  await attempt('files', () => rmSync(run.directory, { recursive: true, force: true, maxRetries: 5 }));
  if (existsSync(run.directory)) problems.push(`files: ${run.directory} is still there`);
  return problems;
}

// SIGKILL, because none of their state is needed, and a broken runtime would not react to SIGTERM. Repeated until no
// process is left, because containerd may be starting one at this moment.
async function killProcesses(run: Run): Promise<void> {
  await until('every process to end', { seconds: 30 }, () => {
    const pids = [...markedProcesses(run.directory), ...processesInCgroup(run.name)];
    killAll(pids);
    if (pids.length > 0) throw new Error(`still running: ${pids.join(', ')}`);
    return true;
  });
}
