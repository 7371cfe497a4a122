/**
 * The pod's AWS identity (IRSA) for the fetcher. The EKS pod identity webhook adds variables and a token mount to every
 * container of the pod. If it ran before the injector, it did not see the fetcher, so both are copied from another
 * container. If it runs later, nothing needs to be done. Both orders result in the same pod.
 *
 * Source: variables and paths of aws/amazon-eks-pod-identity-webhook.
 */
import { type JsonObject, textField } from '../json.ts';
import { covers } from '../names/paths.ts';
import type { Container, Pod } from '../pod/pod.ts';

const ROLE = 'AWS_ROLE_ARN';
const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
const COPIED = [ROLE, TOKEN_FILE, 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_STS_REGIONAL_ENDPOINTS'];

export interface SharedIdentity {
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
}

const NOTHING: SharedIdentity = { env: [], mounts: [] };

/** The identity variables and the token mount of another container; empty if no container has them. */
export function sharedIdentity(pod: Pod, fetcherName: string): SharedIdentity {
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (container.name === fetcherName) continue;
    const tokenFile = literalOf(container, TOKEN_FILE);
    if (tokenFile === undefined || literalOf(container, ROLE) === undefined) continue;
    const mount = container.mounts.find((one) => contains(textField(one, 'mountPath'), tokenFile));
    if (mount === undefined) continue;
    const env = COPIED.flatMap((name) => {
      const value = literalOf(container, name);
      return value === undefined ? [] : [{ name, value }];
    });
    return { env, mounts: [mount] };
  }
  return NOTHING;
}

/** The value of a variable that the container sets literally. */
function literalOf(container: Container, name: string): string | undefined {
  const entry = container.env.find((one) => textField(one, 'name') === name);
  return entry === undefined ? undefined : textField(entry, 'value');
}

function contains(mountPath: string | undefined, file: string): boolean {
  return mountPath !== undefined && mountPath !== '' && covers(mountPath, file);
}
