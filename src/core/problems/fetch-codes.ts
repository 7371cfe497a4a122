/**
 * Codes of the injected init containers, each with the exit code that ends its container. The rules of
 * `admission-codes.ts` apply here too.
 */

export interface FetchRow {
  readonly exit: number;
  readonly meaning: string;
  readonly action: string;
}

export const FETCH_CODES = {
  PLAN_INVALID: {
    exit: 2,
    meaning: 'The plan is missing or invalid.',
    action: 'Use the same release for the webhook and the image, then create the pod again.',
  },
  ENVIRONMENT_STEERED: {
    exit: 2,
    meaning: 'A variable of the container changes what its program loads or writes, such as `LD_PRELOAD`.',
    action: 'Stop the webhook or tool that adds the variable to the injected containers.',
  },
  IDENTITY_MISSING: {
    exit: 10,
    meaning: 'The pod has no AWS identity, or only half of one. The message names its service account.',
    action:
      'Annotate the service account for IRSA, create an EKS Pod Identity association, or set `role-arn`, then create the pod again.',
  },
  IDENTITY_INVALID: {
    exit: 10,
    meaning: 'A variable of the AWS identity has a value that the fetcher must not use.',
    action: 'Remove the variable from the manifest, or check the webhook that sets it.',
  },
  IDENTITY_TOKEN_UNREADABLE: {
    exit: 10,
    meaning:
      'The token file is missing, empty, not a regular file, cannot be read before the deadline, or does not contain a token.',
    action: 'Check the projected volume and its mount.',
  },
  IDENTITY_REFUSED: {
    exit: 10,
    meaning:
      'AWS STS or the EKS Pod Identity Agent rejected the role, or Secrets Manager rejected the session.',
    action: 'Follow the message. If a policy denied the role, it contains the missing statement.',
  },
  IDENTITY_TAGS_DENIED: {
    exit: 10,
    meaning: 'The role of the pod may assume the role of `assume-role-arn`, but not set session tags.',
    action: 'Allow `sts:TagSession` beside `sts:AssumeRole` in both policies that the message contains.',
  },
  AWS_ACCESS_DENIED: {
    exit: 11,
    meaning: 'A policy does not allow the role to read the secret.',
    action: 'Allow `secretsmanager:GetSecretValue` in the policy that the message names.',
  },
  AWS_KMS_DENIED: {
    exit: 11,
    meaning: 'A policy does not allow the role to use the KMS key of the secret.',
    action: 'Allow `kms:Decrypt` in the policies that the message names.',
  },
  SECRET_NOT_FOUND: {
    exit: 12,
    meaning: 'The secret or the version does not exist.',
    action: 'Check the name, the suffix, the Region and the version.',
  },
  SECRET_DELETED: {
    exit: 12,
    meaning: 'The secret is scheduled for deletion.',
    action: 'Restore the secret.',
  },
  SECRET_MISMATCH: {
    exit: 12,
    meaning: 'Secrets Manager returned a different secret.',
    action: 'Use the complete ARN.',
  },
  SECRET_REFUSED: {
    exit: 12,
    meaning:
      'Secrets Manager rejected the request for another reason, such as a version stage and a version ID that do not match.',
    action: 'Check the reference. The message contains the AWS error code.',
  },
  AWS_UNAVAILABLE: {
    exit: 13,
    meaning:
      'AWS did not return a usable response before the deadline. Something else may have answered, such as a proxy.',
    action: 'Check the network of the pod, as the message says, or raise `fetch-timeout`.',
  },
  AWS_THROTTLED: {
    exit: 13,
    meaning: 'AWS was still throttling requests at the deadline.',
    action: 'Raise `fetch-timeout`, or start fewer pods at once.',
  },
  VALUE_ABSENT: {
    exit: 14,
    meaning: 'The version of the secret has no value.',
    action: 'Store a value.',
  },
  VALUE_NOT_JSON: {
    exit: 14,
    meaning:
      'A reference needs a JSON object, but the value is not one, or is nested more than a thousand levels deep.',
    action: 'Store JSON, or request the whole value.',
  },
  VALUE_NOT_TEXT: {
    exit: 14,
    meaning: 'A variable is requested from binary data.',
    action: 'Request a file.',
  },
  VALUE_KEY_MISSING: {
    exit: 14,
    meaning: 'The JSON does not contain the key, or the key is null.',
    action: 'Correct the key or the secret.',
  },
  VALUE_NOT_DECODABLE: {
    exit: 14,
    meaning: '`decode` is set, but the value is not base64.',
    action: 'Store base64, or remove `decode`.',
  },
  VALUE_NOT_SELECTABLE: {
    exit: 14,
    meaning: 'The JMESPath expression fails on this secret.',
    action: 'Correct the expression or the secret.',
  },
  VALUE_NOT_REPRESENTABLE: {
    exit: 14,
    meaning:
      'The selected mode or format cannot represent a character of the value. The message names the variable, the mode or format, and the class of character.',
    action: 'Change the value, select another mode or format, or request a file.',
  },
  VALUE_NAME_INVALID: {
    exit: 14,
    meaning: 'A key of an `env-from` or `file-from` secret is not a valid name.',
    action: 'Rename or exclude the key.',
  },
  VALUE_NAME_REFUSED: {
    exit: 14,
    meaning: 'A key of an `env-from` secret would change how programs run (`PATH`, `LD_*` and others).',
    action: 'Request the variable by name, or exclude the key.',
  },
  VALUE_NAME_TAKEN: {
    exit: 14,
    meaning: 'Two requests provide the same variable or file.',
    action: 'Remove one of them.',
  },
  WRITE_VOLUME_FULL: {
    exit: 15,
    meaning: 'The in-memory volume is full.',
    action: 'Request fewer values.',
  },
  WRITE_READ_ONLY: {
    exit: 15,
    meaning: 'The volume is mounted read-only.',
    action: 'Create the pod again.',
  },
  WRITE_FAILED: {
    exit: 15,
    meaning: 'The file system returned another error, which the message names.',
    action: 'Check the permissions and the mount.',
  },
  KUBELET_TOO_OLD: {
    exit: 16,
    meaning: 'The kubelet of the node does not support native variables (container `aws-secrets-check`).',
    action: 'Upgrade the node to Kubernetes 1.35, or set `env-mode` to `shell` or `file`.',
  },
  FETCH_INTERNAL: {
    exit: 70,
    meaning: 'A bug in the fetcher.',
    action: 'Report it with the version of the image.',
  },
  FETCH_TERMINATED: {
    exit: 143,
    meaning:
      'The fetcher received a signal before the secrets were written. No files were changed. The message names the failure that was being retried, if any.',
    action: 'None if the pod was stopped on purpose; otherwise correct that failure.',
  },
} as const satisfies Readonly<Record<string, FetchRow>>;

export type FetchCode = keyof typeof FETCH_CODES;
