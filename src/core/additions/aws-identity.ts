/**
 * The pod's AWS identity (IRSA), shared with the fetcher. AWS's own webhook adds variables and a token mount to
 * every container that it sees. When it ran before us it did not see the fetcher, so both are copied from a
 * container that has them; when it runs after us there is nothing to do. Both orders end in the same pod.
 *
 * Source: variables and paths of aws/amazon-eks-pod-identity-webhook.
 */
import { type JsonObject, textField } from '../json.ts';
import type { Container, Pod } from '../pod/pod.ts';

const ROLE = 'AWS_ROLE_ARN';
const TOKEN_FILE = 'AWS_WEB_IDENTITY_TOKEN_FILE';
const COPIED = [ROLE, TOKEN_FILE, 'AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_STS_REGIONAL_ENDPOINTS'];

export interface SharedIdentity {
  readonly env: readonly JsonObject[];
  readonly mounts: readonly JsonObject[];
}

const NOTHING: SharedIdentity = { env: [], mounts: [] };

/** What the fetcher takes over from its siblings. */
export function sharedIdentity(pod: Pod, fetcherName: string): SharedIdentity {
  for (const container of [...pod.containers, ...pod.initContainers]) {
    if (container.name === fetcherName) continue;
    const tokenFile = literalOf(container, TOKEN_FILE);
    if (tokenFile === undefined || literalOf(container, ROLE) === undefined) continue;
    const mount = container.mounts.find((one) => holds(textField(one, 'mountPath'), tokenFile));
    if (mount === undefined) continue;
    const env = COPIED.flatMap((name) => {
      const value = literalOf(container, name);
      return value === undefined ? [] : [{ name, value }];
    });
    return { env, mounts: [mount] };
  }
  return NOTHING;
}

/** The value of a variable that is written into the pod itself. */
function literalOf(container: Container, name: string): string | undefined {
  const entry = container.env.find((one) => textField(one, 'name') === name);
  return entry === undefined ? undefined : textField(entry, 'value');
}

function holds(mountPath: string | undefined, file: string): boolean {
  return mountPath !== undefined && mountPath !== '' && file.startsWith(`${mountPath.replace(/\/+$/, '')}/`);
}
