/** Everything that a cluster could leave on a machine, for a comparison of before and after. */
import { spawnSync } from 'node:child_process';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { MARK } from './processes.ts';

const PROGRAMS = /^(?:etcd|kube|containerd|runc$|ctr$)/;

export function traces(): Readonly<Record<string, readonly string[]>> {
  return {
    processes: processes(),
    mounts: lines('mount'),
    interfaces: lines('ip', '-oneline', 'link').map((line) => line.split(': ')[1] ?? ''),
    namespaces: lines('ip', 'netns'),
    ipv4: firewall('iptables-save'),
    ipv6: firewall('ip6tables-save'),
    cgroups: globSync('/sys/fs/cgroup/{awssi-*,*/awssi-*}'),
    files: [
      ...readdirSync(tmpdir()).filter((name) => name.startsWith('aws-secrets-injector-cluster-')),
      ...globSync('{/run/containerd,/opt/containerd,/var/lib/cni,/var/log/containers,/var/lib/kubelet}/**'),
    ],
    settings: lines(
      'sysctl',
      'net.ipv4.ip_forward',
      'net.ipv4.conf.all.route_localnet',
      'vm.overcommit_memory',
      'kernel.panic',
      'kernel.panic_on_oops',
    ),
  };
}

/** What exists now and did not before. Traces of other programs may have disappeared meanwhile. */
export function added(before: ReturnType<typeof traces>, now: ReturnType<typeof traces>): readonly string[] {
  return Object.entries(now).flatMap(([kind, entries]) =>
    entries.filter((entry) => !before[kind]?.includes(entry)).map((entry) => `${kind}: ${entry}`),
  );
}

// Only processes that could belong to a cluster: others start and end on any machine.
function processes(): readonly string[] {
  return (
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => PROGRAMS.test(read(pid, 'comm')) || isMarked(pid))
      .map((pid) => ({ pid, status: read(pid, 'status') }))
      // It ended meanwhile, or is a zombie until the init process of the machine reaps it.
      .filter(({ status }) => /^State:\s+[^ZX]/m.test(status))
      .map(({ pid, status }) => `${pid} ${/^Name:\s+(.*)/m.exec(status)?.[1]}`)
      .sort()
  );
}

function isMarked(pid: string): boolean {
  return read(pid, 'environ').includes(`${MARK}=`) || read(pid, 'cgroup').includes('/awssi-');
}

function read(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

// Without counters, and without the empty tables that listing creates.
function firewall(program: string): readonly string[] {
  return lines(program)
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''))
    .filter((line) => !line.startsWith('#') && !/^(?:\*\w+|:[A-Z]+ ACCEPT|COMMIT)$/.test(line));
}

function lines(program: string, ...args: readonly string[]): readonly string[] {
  const { stdout } = spawnSync(program, args, { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter((line) => line !== '');
}
