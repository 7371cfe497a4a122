/** Plans as the webhook writes them, with as little typing as a test wants. */
import { formatPlan, type Plan, type PlanView } from '../../src/core/plan/plan.ts';

export const ACCOUNT = '111122223333';

/** The complete ARN of a secret. */
export function arnOf(name: string, region = 'eu-west-1'): string {
  return `arn:aws:secretsmanager:${region}:${ACCOUNT}:secret:${name}-AbCdEf`;
}

/** A view; what is not given is empty. */
export function viewOf(view: Partial<PlanView>): PlanView {
  return {
    volume: 'aws-secrets',
    receivers: { native: [], shell: ['app'], file: [] },
    fileMode: '0444',
    format: 'shell',
    env: [],
    envFrom: [],
    files: [],
    filesFrom: [],
    declared: [],
    ...view,
  };
}

/** A plan with one view. @param timeoutSeconds short by default: a fault that lasts ends the run soon */
export function planOf(arns: readonly string[], view: Partial<PlanView>, timeoutSeconds = 20): Plan {
  return { version: 1, timeoutSeconds, secrets: arns.map((arn) => ({ arn })), views: [viewOf(view)] };
}

/** The plan that most tests use: the first secret's raw value as the file `value`. */
export function onePlan(arn: string, timeoutSeconds = 20): Plan {
  return planOf([arn], { files: [{ path: 'value', secret: 0 }] }, timeoutSeconds);
}

export { formatPlan };
