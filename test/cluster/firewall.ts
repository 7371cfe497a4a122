/** The iptables rules of a node, for IPv4 and IPv6: those of kube-proxy and kubelet, and own ones. */
import { spawnSync } from 'node:child_process';

const FAMILIES = ['iptables', 'ip6tables'] as const;
/** One of their chains: in a declaration, as the chain of a rule (after its counters), or as its target. */
const THEIRS = /(?:^:|^(?:\[\d+:\d+\] )?-A | -[jg] )KUBE-/;

/** Whether a cluster has rules on this machine. Two kube-proxies would overwrite each other's rules. */
export function hasClusterRules(): boolean {
  return FAMILIES.some((family) =>
    save(family)
      .split('\n')
      .some((line) => THEIRS.test(line)),
  );
}

/** Drops packets for an address unless they arrive through a bridge. @throws Error */
export function restrictToBridge(bridge: string, address: string): void {
  const family = FAMILIES[address.includes(':') ? 1 : 0];
  // Before connection tracking: a packet from elsewhere leaves no trace.
  const args = ['--table', 'raw', '--insert', 'PREROUTING', '!', '--in-interface', bridge];
  const { status, stderr } = spawnSync(
    family,
    ['--wait=5', ...args, '--destination', address, '--jump', 'DROP'],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`${family}: ${stderr.trim()}`);
}

/** Drops all packets from and to an IPv4 address, until it is disposed of. @throws Error */
export function blockAddress(address: string): Disposable {
  const change = (action: '--insert' | '--delete'): void => {
    // Before connection tracking, so that established connections are cut too, and nobody receives a reply.
    for (const rule of [
      ['PREROUTING', '--source', address],
      ['OUTPUT', '--destination', address],
    ]) {
      const args = ['--wait=5', '--table', 'raw', action, ...rule, '--jump', 'DROP'];
      const { status, stderr } = spawnSync('iptables', args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`iptables: ${stderr.trim()}`);
    }
  };
  change('--insert');
  return { [Symbol.dispose]: () => change('--delete') };
}

/**
 * Removes the rules and chains of kube-proxy and kubelet, and the own rules about a bridge. All others keep their order
 * and their counters.
 * @throws Error
 */
export function removeFirewallRules(bridge: string): void {
  for (const family of FAMILIES) {
    for (const table of tables(save(family))) {
      const lines = table.split('\n');
      const kept = lines.filter((line) => !THEIRS.test(line) && !line.includes(` ! -i ${bridge} `));
      if (kept.length < lines.length) restore(family, `${kept.join('\n')}\n`);
    }
  }
}

// One table at a time, so that unchanged tables are not written.
function tables(text: string): readonly string[] {
  return text.match(/^\*[\s\S]*?^COMMIT$/gm) ?? [];
}

function save(family: (typeof FAMILIES)[number]): string {
  const { stdout } = spawnSync(`${family}-save`, ['--counters'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  // Without IPv6, the output is empty or the program is missing.
  return stdout ?? '';
}

function restore(family: (typeof FAMILIES)[number], text: string): void {
  const { status, stderr } = spawnSync(`${family}-restore`, ['--counters', '--wait=5'], {
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${family}-restore: ${stderr.trim()}`);
}
