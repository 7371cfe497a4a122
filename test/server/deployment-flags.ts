/** How the webhook's Deployment runs Node. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

const DEPLOYMENT = path.resolve(import.meta.dirname, '../../manifests/base/deployment.yaml');

interface Deployment {
  readonly spec: {
    readonly template: {
      readonly spec: { readonly containers: readonly [{ readonly command: readonly string[] }] };
    };
  };
}

/** Node's flags in the Deployment's command: all between the program and the bundle. */
export function deploymentFlags(): readonly string[] {
  const deployment = parse(readFileSync(DEPLOYMENT, 'utf8')) as Deployment;
  const flags = deployment.spec.template.spec.containers[0].command.slice(1, -1);
  if (!flags.some((flag) => flag.startsWith('--max-old-space-size=')))
    throw new Error(`${DEPLOYMENT} does not bound the heap`);
  return flags;
}
