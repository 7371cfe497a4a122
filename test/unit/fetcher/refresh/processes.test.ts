/** Finding the main process of a container, with files as the kernel writes them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sinceBoot, startIn, startOf } from '../../../../src/fetcher/process/process-start.ts';
import { containerIn, mainProcessOf } from '../../../../src/fetcher/refresh/processes.ts';

const POD = '/var/lib/kubelet/pods/0f9f7a0c-6e39-4e53-8a29-0a6b0a3c9c55';
let proc: string;
beforeEach(() => {
  proc = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-proc-'));
});
afterEach(() => rmSync(proc, { recursive: true, force: true }));

/** The mounts of a process. @param root of the mount of its termination log */
function mounts(root: string, at = '/dev/termination-log'): string {
  return `1185 1008 0:125 / / rw,relatime master:365 - overlay overlay rw,lowerdir=/x
1190 1185 0:130 / /run/secrets/aws ro,relatime - tmpfs tmpfs rw,size=1152k,noswap
1193 1185 259:1 ${root} ${at} rw,relatime - ext4 /dev/root rw,discard
1194 1185 259:1 ${POD}/etc-hosts /etc/hosts rw,relatime - ext4 /dev/root rw,discard
`;
}

function add(
  pid: number,
  container: string,
  ticks: number,
  name = 'app',
  handled = '0000000000000001',
): void {
  const folder = path.join(proc, String(pid));
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'mountinfo'), mounts(`${POD}/containers/${container}/3f2a9b4c`));
  const numbers = Array.from({ length: 49 }, (_, index) => (index === 18 ? ticks : 0));
  writeFileSync(path.join(folder, 'stat'), `${pid} (${name}) S ${numbers.join(' ')}\n`);
  writeFileSync(
    path.join(folder, 'status'),
    `Name:\t${name}\nUmask:\t0022\nState:\tS (sleeping)\nSigIgn:\t0000000000001000\nSigCgt:\t${handled}\nCapInh:\t0\n`,
  );
}

it('finds the first process of the container, not those of other containers, probes and kubectl exec', () => {
  add(1, 'pause', 100, 'pause');
  add(30, 'app', 310, 'probe');
  add(20, 'app', 300, 'app) S 1 (', '0000000000014a03');
  add(25, 'other', 200);
  writeFileSync(path.join(proc, 'uptime'), '1 1');
  expect(mainProcessOf('app', proc)).toEqual({
    pid: 20,
    name: 'app) S 1 (',
    startedAt: 3000,
    handled: 0x14a03n,
  });
  expect(mainProcessOf('missing', proc)).toBeUndefined();
});

it('skips processes that end meanwhile', () => {
  add(20, 'app', 300);
  mkdirSync(path.join(proc, '10'));
  expect(mainProcessOf('app', proc)?.pid).toBe(20);
});

it.each([
  ['the root directory of kubelet', `${POD}/containers/app/3f2a9b4c`, 'app'],
  ['another root directory', '/data/kubelet/pods/x/containers/my-app/0a1b', 'my-app'],
  ['a file system of its own', '/pods/x/containers/app/3f2a9b4c', 'app'],
  ['a file of a user', '/home/pods/x/containers/app/3f2a9b4c/other', undefined],
  ['a name that no container has', '/pods/x/containers/App/3f2a9b4c', undefined],
])('%s names the container', (_, root, name) => {
  expect(containerIn(mounts(root))).toBe(name);
  expect(containerIn(mounts(root, '/elsewhere'))).toBe(name);
});

it('reads the start of real processes, by the clock since boot', () => {
  const start = startOf(process.pid) ?? Number.NaN;
  expect(sinceBoot() - start).toBeGreaterThanOrEqual(0);
  expect(sinceBoot() - start).toBeLessThan(performance.now() + 3_600_000);
  expect(startOf(2 ** 30)).toBeUndefined();
  expect(startIn('7 (x) S')).toBeUndefined();
});
