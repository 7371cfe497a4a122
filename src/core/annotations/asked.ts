/** What is asked for, as reading the annotations gathers it. */
import type { PlanDirectory, PlanFile, PlanVariable, PlanVariables } from '../plan/plan.ts';

/** What one set of containers is to receive. */
export interface Group {
  /** Names of containers; undefined for the pod's own list. */
  readonly containers: readonly string[] | undefined;
  /** Where the containers are named, for messages. */
  readonly subject: string;
  readonly env: PlanVariable[];
  readonly envFrom: PlanVariables[];
  readonly files: PlanFile[];
  readonly filesFrom: PlanDirectory[];
}
