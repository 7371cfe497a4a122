/** The graph of access: workload → service account → role → statement → secret. */
import { accountKey } from '../access.ts';
import type { Decisions } from './check-access.ts';
import type { RoleGrants } from './grants.ts';
import type { AuditWorkload } from './inputs.ts';
import type { SecretIndex } from './secret-index.ts';

export type NodeKind = 'workload' | 'account' | 'role' | 'statement' | 'secret';

export interface GraphNode {
  readonly kind: NodeKind;
  readonly label: string;
}

/**
 * - `uses`: a workload uses a service account, or requests a secret;
 * - `signs-in` and `assumes`: to a role;
 * - `has`: a role has a statement that allows reading secrets;
 * - `allows`: the statement concerns a secret that the role needs, `exceeds`: another secret;
 * - `denied` and `undecided`: a role needs a secret that it may not, or perhaps not, read.
 */
export type EdgeKind =
  | 'uses'
  | 'signs-in'
  | 'assumes'
  | 'has'
  | 'allows'
  | 'exceeds'
  | 'denied'
  | 'undecided';

export interface AuditGraph {
  readonly nodes: readonly GraphNode[];
  /** From and to, as numbers of nodes. */
  readonly edges: readonly (readonly [from: number, to: number, kind: EdgeKind])[];
  /** Edges to secrets that a statement has beyond those of the graph, by the number of its node. */
  readonly more: Readonly<Record<string, number>>;
}

/** Secrets of a statement that nobody needs: a few show what it is about. */
const MOST_EXCEEDING = 10;
const MOST_EDGES = 200_000;

export interface GraphParts {
  readonly workloads: readonly AuditWorkload[];
  readonly index: SecretIndex;
  readonly grants: ReadonlyMap<string, RoleGrants>;
  readonly decisions: Decisions;
}

class GraphBuilder {
  readonly nodes: GraphNode[] = [];
  readonly edges: (readonly [number, number, EdgeKind])[] = [];
  readonly more: Record<string, number> = {};
  readonly #numbers = new Map<string, number>();
  readonly #known = new Set<string>();

  node(kind: NodeKind, label: string, key = label): number {
    const name = `${kind} ${key}`;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    this.#numbers.set(name, this.nodes.length);
    this.nodes.push({ kind, label });
    return this.nodes.length - 1;
  }

  edge(from: number, to: number, kind: EdgeKind): void {
    const key = `${from} ${to} ${kind}`;
    if (this.#known.has(key) || this.edges.length === MOST_EDGES) return;
    this.#known.add(key);
    this.edges.push([from, to, kind]);
  }
}

export function graphOf({ workloads, index, grants, decisions }: GraphParts): AuditGraph {
  const graph = new GraphBuilder();
  const secretNode = (number: number) => graph.node('secret', index.all[number]?.arn.text ?? '');
  const needed = new Map<string, Set<number>>();
  for (const { name, access } of workloads) {
    const workload = graph.node('workload', name);
    const account = graph.node('account', accountKey(access.serviceAccount));
    graph.edge(workload, account, 'uses');
    const { role, assumes } = access;
    const first = role === undefined ? undefined : graph.node('role', role.text);
    if (first !== undefined) graph.edge(account, first, 'signs-in');
    const reader = assumes?.role ?? role;
    if (assumes !== undefined) graph.edge(first ?? account, graph.node('role', assumes.role.text), 'assumes');
    for (const { arn } of access.secrets) {
      const number = index.find(arn);
      if (number === undefined) continue;
      graph.edge(workload, secretNode(number), 'uses');
      if (reader === undefined) continue;
      const own = needed.get(reader.text) ?? new Set();
      needed.set(reader.text, own.add(number));
    }
  }
  for (const [arn, found] of decisions)
    for (const [number, kind] of found)
      if (kind !== 'allowed') graph.edge(graph.node('role', arn), secretNode(number), kind);
  for (const [arn, { grants: list }] of grants) {
    const role = graph.node('role', arn);
    for (const { policy, statement, secrets } of list) {
      const node = graph.node(
        'statement',
        `${policy}: ${statement.name}`,
        `${arn} ${policy} ${statement.name}`,
      );
      graph.edge(role, node, 'has');
      const own = needed.get(arn) ?? new Set();
      let exceeding = 0;
      for (const number of secrets) {
        if (own.has(number)) graph.edge(node, secretNode(number), 'allows');
        else {
          exceeding += 1;
          if (exceeding <= MOST_EXCEEDING) graph.edge(node, secretNode(number), 'exceeds');
        }
      }
      if (exceeding > MOST_EXCEEDING) graph.more[node] = exceeding - MOST_EXCEEDING;
    }
  }
  return { nodes: graph.nodes, edges: graph.edges, more: graph.more };
}
