/** Names inside and around a view's volume, on which webhook, fetcher, kubelet check and guard agree. */

/** Directory of the fetcher under which each view's volume is mounted by its name. */
export const VIEWS_DIRECTORY = '/secrets';
/** The file of a view that holds its variables. */
export const ENV_FILE = 'env';
/** The file of a view that proves a kubelet able to read variables from files. It holds one variable, no secret. */
export const PROBE_FILE = '.probe';
export const PROBE_VARIABLE = 'SECRETS_INJECTOR_PROBE';
export const PROBE_VALUE = 'ok';
/** Names of the volumes of views. */
const VIEW_VOLUME = /^aws-secrets(?:-\d{1,3})?$/;

/** Whether a volume has a name that views have. Almost every name is told by its beginning alone. */
export function isViewVolume(name: string): boolean {
  return name.startsWith('aws-secrets') && VIEW_VOLUME.test(name);
}
