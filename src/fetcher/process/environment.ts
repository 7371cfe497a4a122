/** The fetcher's settings. Only this file reads environment variables and arguments. */
import path from 'node:path';
import { type AwsEnvironment, readAwsEnvironment, type Variables } from '../../aws/environment.ts';
import {
  parseTraceparent,
  TRACEPARENT_VARIABLE,
  TRACES_ENDPOINT_VARIABLE,
  type TraceParent,
} from '../../core/names/trace-variables.ts';
import { VIEWS_DIRECTORY } from '../../core/names/volume-layout.ts';
import { PLAN_VARIABLE } from '../../core/plan/plan.ts';
import { TERMINATION_LOG } from '../../runtime/termination-message.ts';

export interface Environment extends AwsEnvironment {
  readonly planText: string | undefined;
  /** Undefined unless the webhook passed on a trace and where to send it. */
  readonly trace: TraceSettings | undefined;
  readonly viewsDirectory: string;
  readonly terminationLog: string;
}

/** The trace that the run continues, and where its spans are sent. */
export interface TraceSettings {
  readonly parent: TraceParent;
  readonly endpoint: URL;
}

/**
 * Reads the settings. Static credentials, profiles and instance metadata are not among them.
 * @param root a directory to use instead of `/`, to run outside a container
 */
export function readEnvironment(variables: Variables, root: string): Environment {
  const absolute = (file: string) => (root === '/' ? file : path.join(root, file));
  const text = (name: string) => variables[name] || undefined;
  return {
    planText: variables[PLAN_VARIABLE],
    ...readAwsEnvironment(variables, absolute),
    trace: readTrace(text),
    viewsDirectory: absolute(VIEWS_DIRECTORY),
    terminationLog: absolute(TERMINATION_LOG),
  };
}

function readTrace(text: (name: string) => string | undefined): TraceSettings | undefined {
  const parent = parseTraceparent(text(TRACEPARENT_VARIABLE) ?? '');
  const endpoint = text(TRACES_ENDPOINT_VARIABLE);
  if (parent === undefined || endpoint === undefined || !URL.canParse(endpoint)) return undefined;
  return { parent, endpoint: new URL(endpoint) };
}
