/**
 * How the webhook passes the identity options of a pod to the fetcher. The webhook and the guard reject these variables if
 * anything else sets them.
 */

/** `<namespace>/<service account>` of the pod, for messages and session tags. */
export const SERVICE_ACCOUNT_VARIABLE = 'SECRETS_INJECTOR_SERVICE_ACCOUNT';
/** The name of the pod, for session tags. Set with `assume-role-arn`, by kubelet: it can be generated after admission. */
export const POD_NAME_VARIABLE = 'SECRETS_INJECTOR_POD_NAME';
/** The annotation `assume-role-arn`: the role to assume with the credentials of the pod. */
export const ASSUME_ROLE_VARIABLE = 'SECRETS_INJECTOR_ASSUME_ROLE_ARN';
/** The annotation `external-id`. */
export const EXTERNAL_ID_VARIABLE = 'SECRETS_INJECTOR_EXTERNAL_ID';

/** The volume with the token for the annotation `role-arn`. Only the fetcher mounts it. */
export const ROLE_TOKEN_VOLUME = 'aws-secrets-token';
/** Where the fetcher mounts it. */
export const ROLE_TOKEN_DIRECTORY = '/var/run/secrets/secrets-injector.dev/serviceaccount';
/** The token's file. The fetcher uses a role with this token before any other identity of the pod. */
export const ROLE_TOKEN_FILE = `${ROLE_TOKEN_DIRECTORY}/token`;
