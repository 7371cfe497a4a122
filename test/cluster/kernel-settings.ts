/** Kernel settings that kubelet, kube-proxy and the CNI plugins change for the whole machine. */
import { readFileSync, writeFileSync } from 'node:fs';

const NAMES = [
  'net/ipv4/ip_forward',
  'net/ipv6/conf/all/forwarding',
  'net/ipv4/conf/all/route_localnet',
  'net/netfilter/nf_conntrack_max',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

export function readKernelSettings(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    NAMES.map((name) => [name, read(name)] as const).filter(
      (entry): entry is readonly [string, string] => entry[1] !== undefined,
    ),
  );
}

export function restoreKernelSettings(before: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(before))
    if (read(name) !== value) writeFileSync(`/proc/sys/${name}`, value);
}

function read(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    // Some kernels lack some of them.
    return undefined;
  }
}
