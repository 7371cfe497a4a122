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

const NODE_OPTIONS = '--node-options=';

/** Node's flags in the Deployment's command, which the executable takes in one argument. */
export function deploymentFlags(): readonly string[] {
  const deployment = parse(readFileSync(DEPLOYMENT, 'utf8')) as Deployment;
  const [, given] = deployment.spec.template.spec.containers[0].command;
  const flags = given?.startsWith(NODE_OPTIONS) ? given.slice(NODE_OPTIONS.length).split(' ') : [];
  if (!flags.some((flag) => flag.startsWith('--max-old-space-size=')))
    throw new Error(`${DEPLOYMENT} does not bound the heap`);
  return flags;
}
