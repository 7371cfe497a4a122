/**
 * Pods whose annotation `eks.amazonaws.com/skip-containers` keeps their AWS identity from the fetcher.
 *
 * Source: aws/amazon-eks-pod-identity-webhook, `getContainersToSkip` and `getPodSpecPatch`.
 */
import { sharedIdentity, TOKEN_FILE_VARIABLES } from '../additions/aws-identity.ts';
import { FETCHER_NAME, isInjected } from '../additions/injected-objects.ts';
import { textField } from '../json.ts';
import type { Container, Pod } from '../pod/pod.ts';

export const SKIP_CONTAINERS = 'eks.amazonaws.com/skip-containers';
/** The volumes that the webhook adds, even to a pod whose containers it leaves alone. */
const TOKEN_VOLUMES: ReadonlySet<unknown> = new Set(['eks-pod-identity-token', 'aws-iam-token']);

/**
 * The warning that the fetcher gets no identity: the webhook leaves every other container alone, so there is nothing to
 * copy, and the fetcher as well, or it ran before the fetcher existed. The fetcher itself would report it only after the
 * pod was scheduled.
 * @param fetcher undefined in the first pass
 */
export function skippedIdentity(pod: Pod, fetcher: Container | undefined): string | undefined {
  const text = textField(pod.annotations, SKIP_CONTAINERS);
  if (text === undefined) return undefined;
  // The webhook reads the first line as CSV. Blanks belong to a name.
  const [line = ''] = text.split('\n', 1);
  const skipped = new Set(line.split(',').map((name) => name.replace(/^"(.*)"$/, '$1')));
  const others = [...pod.containers, ...pod.initContainers].filter((one) => !isInjected(one));
  if (!others.every(({ name }) => skipped.has(name))) return undefined;
  const isTooLate = skipped.has(FETCHER_NAME) || pod.volumes.some(({ name }) => TOKEN_VOLUMES.has(name));
  const hasOwn = fetcher?.env.some(({ name }) => TOKEN_FILE_VARIABLES.has(name)) === true;
  if (!isTooLate || hasOwn || sharedIdentity(pod, FETCHER_NAME).env.length > 0) return undefined;
  return `${FETCHER_NAME} has no AWS identity: ${SKIP_CONTAINERS} lists every container; remove one, or set role-arn`;
}
