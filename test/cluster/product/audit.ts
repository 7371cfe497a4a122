/** The admission of a pod in the audit log. */
import { readFileSync } from 'node:fs';
import { until } from '../until.ts';
import type { Stage } from './stage.ts';

export interface AuditEvent {
  readonly requestURI: string;
  readonly verb: string;
  readonly objectRef?: {
    readonly namespace?: string;
    readonly resource?: string;
    readonly subresource?: string;
  };
  readonly requestObject?: { readonly metadata?: { readonly name?: string } };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** One call of a webhook. Round 0 is the first pass, 1 the second. */
export interface Call {
  readonly round: number;
  readonly configuration: string;
  readonly mutated: boolean;
}

// https://kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations/
const CALL = /^mutation\.webhook\.admission\.k8s\.io\/round_(\d+)_index_(\d+)$/;

/** Attempts to create a pod in a namespace, the oldest first. */
export function creations(stage: Stage, namespace: string): readonly AuditEvent[] {
  return readFileSync(stage.cluster.facts.auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes(`"namespace":"${namespace}"`) && line.includes('"verb":"create"'))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(
      ({ objectRef }) =>
        objectRef?.namespace === namespace &&
        objectRef.resource === 'pods' &&
        objectRef.subresource === undefined,
    );
}

/** The webhook calls of the last attempt to create the pod, in their order. */
export async function calls(stage: Stage, namespace: string, pod = 'app'): Promise<readonly Call[]> {
  // The event is written after the response.
  const event = await until(`the audit event of ${namespace}/${pod}`, { seconds: 10 }, () =>
    creations(stage, namespace).findLast(({ requestObject }) => requestObject?.metadata?.name === pod),
  );
  return Object.entries(event.annotations ?? {})
    .flatMap(([key, value]) => {
      const [, round, index] = CALL.exec(key) ?? [];
      if (round === undefined || index === undefined) return [];
      const { configuration, mutated } = JSON.parse(value) as Call;
      return [{ round: Number(round), index: Number(index), configuration, mutated }];
    })
    .sort((one, other) => one.round - other.round || one.index - other.index)
    .map(({ round, configuration, mutated }) => ({ round, configuration, mutated }));
}
