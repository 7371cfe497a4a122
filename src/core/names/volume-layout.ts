/** Names in and around a view's volume that webhook, fetcher, kubelet check and guard share. */

/** Directory of the fetcher that contains the mount of each view's volume, by the name of the volume. */
export const VIEWS_DIRECTORY = '/secrets';
/** The file of a view that contains its variables. */
export const ENV_FILE = 'env';
/** The file that lets the kubelet check prove that kubelet reads variables from files. It contains no secret. */
export const PROBE_FILE = '.probe';
export const PROBE_VARIABLE = 'SECRETS_INJECTOR_PROBE';
export const PROBE_VALUE = 'ok';
/** The file of a view that lists what was delivered, without values. */
export const MANIFEST_FILE = '.manifest.json';
/** Files of sidecar mode at the top of the first view. Names of requested files never start with two dots. */
export const REFRESH_STATUS_FILE = '..refresh';
export const DUE_ACTIONS_FILE = '..due';
/** The volume of the first view; the volumes of further views are numbered. */
export const FIRST_VOLUME = 'aws-secrets';
const VIEW_VOLUME = /^aws-secrets(?:-\d{1,3})?$/;

/** Whether the name is a name for a view's volume. */
export function isViewVolume(name: string): boolean {
  // Most names differ at the start, which is cheaper to compare.
  return name.startsWith(FIRST_VOLUME) && VIEW_VOLUME.test(name);
}
