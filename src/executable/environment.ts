/**
 * The environment of the injected programs. Other webhooks can add variables to the containers, and some would steer the
 * runtime. This runs before any module that reads one of them is loaded.
 */
import { atStart } from '../core/names/steering-variables.ts';
import type { FetchProblem } from '../core/problems/problems.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** One problem for each variable that acted before the program could prevent it. */
export function steeringProblems(variables: Variables): readonly FetchProblem[] {
  return steering(variables, 'reject').map((name) => ({
    code: 'ENVIRONMENT_STEERED',
    subject: name,
    wrong: 'the variable is set in this container, and would change what the program loads or writes',
    expected:
      'stop the webhook or tool that adds it to the containers aws-secrets-fetch and aws-secrets-check',
  }));
}

/** The environment to start again with, or undefined if nothing steers. */
export function clearedEnvironment(variables: Variables): Readonly<Record<string, string>> | undefined {
  const cleared = new Set(steering(variables, 'clear'));
  if (cleared.size === 0) return undefined;
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined || cleared.has(name) ? [] : [[name, value] as const],
    ),
  );
}

/** Names of variables with a value: an empty one has no effect. */
function steering(variables: Variables, what: 'reject' | 'clear'): readonly string[] {
  return Object.keys(variables).filter((name) => atStart(name) === what && variables[name] !== '');
}
