/** What kube-proxy and kubelet add to iptables, for IPv4 and IPv6. */
import { spawnSync } from 'node:child_process';

const FAMILIES = ['iptables', 'ip6tables'] as const;
/** A chain of theirs, in a declaration, in a rule's own chain (behind its counters) or in its target. */
const THEIRS = /(?:^:|^(?:\[\d+:\d+\] )?-A | -[jg] )KUBE-/;

/** Whether some cluster has rules on this machine: two kube-proxies would undo each other's. */
export function hasClusterRules(): boolean {
  return FAMILIES.some((family) =>
    save(family)
      .split('\n')
      .some((line) => THEIRS.test(line)),
  );
}

/** Takes the rules and chains out; all others keep their place and their counters. @throws Error */
export function removeFirewallRules(): void {
  for (const family of FAMILIES) {
    for (const table of tables(save(family))) {
      const lines = table.split('\n');
      const kept = lines.filter((line) => !THEIRS.test(line));
      if (kept.length < lines.length) restore(family, `${kept.join('\n')}\n`);
    }
  }
}

// One table at a time: the ones that need no change are not written.
function tables(text: string): readonly string[] {
  return text.match(/^\*[\s\S]*?^COMMIT$/gm) ?? [];
}

function save(family: (typeof FAMILIES)[number]): string {
  const { stdout } = spawnSync(`${family}-save`, ['--counters'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  // Without IPv6 there is nothing to be saved, or no program.
  return stdout ?? '';
}

function restore(family: (typeof FAMILIES)[number], text: string): void {
  const { status, stderr } = spawnSync(`${family}-restore`, ['--counters', '--wait=5'], {
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${family}-restore: ${stderr.trim()}`);
}
