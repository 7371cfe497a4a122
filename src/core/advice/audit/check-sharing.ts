/** Looks for roles that workloads with different needs share. */
import type { AuditFindings } from './findings.ts';
import type { RoleUse } from './uses.ts';

export function checkSharing(uses: Iterable<RoleUse>, findings: AuditFindings): void {
  for (const { role, readers } of uses) {
    const needs = new Map<string, number>();
    for (const secrets of readers.values()) {
      const key = [...secrets].sort().join(' ');
      needs.set(key, (needs.get(key) ?? 0) + 1);
    }
    if (needs.size < 2) continue;
    const items = [...readers].map(
      ([name, { size }]) => `${name} requests ${size} ${size === 1 ? 'secret' : 'secrets'}`,
    );
    findings.add(
      'role-shared',
      role.text,
      `${readers.size} workloads with ${needs.size} different sets of secrets use it`,
      { items, workloads: readers.keys() },
    );
  }
}
