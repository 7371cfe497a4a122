/**
 * Codes of the decision at admission. Codes are public: they are documented, searched for and alerted on, so a code is
 * never renamed, and a retired one (see `retired-codes.ts`) is never reused. docs/reference/problems.md is generated
 * from this table.
 */

export interface AdmissionRow {
  /** Status in the answer: 400 when the pod must be fixed, 403 when an operator policy rejects it, 500 for a bug. */
  readonly status: 400 | 403 | 500;
  readonly meaning: string;
  readonly action: string;
}

export const ADMISSION_CODES = {
  ANNOTATION_UNKNOWN: {
    status: 400,
    meaning: 'The annotation key does not exist.',
    action: 'Correct the key. The message suggests the nearest known key.',
  },
  ANNOTATION_KEY_INVALID: {
    status: 400,
    meaning:
      'Kubernetes does not accept the annotation key: more than 63 characters after the slash, or an end such as `_`.',
    action: 'Use another name, or the YAML form (`secrets`), where names have no such limit.',
  },
  ANNOTATION_NOT_TEXT: {
    status: 400,
    meaning: 'The annotation value is not a string.',
    action: 'Quote the value.',
  },
  OPTION_CONFLICT: {
    status: 400,
    meaning: 'Two options contradict each other.',
    action: 'Remove one of them.',
  },
  OPTION_INVALID: {
    status: 400,
    meaning: 'The value of an option is not valid.',
    action: 'Use a value that the message lists.',
  },
  SECRETS_YAML_INVALID: {
    status: 400,
    meaning:
      'The `secrets` annotation is not valid YAML. It must be a single document, without duplicate keys, anchors, aliases or tags.',
    action: 'Fix the YAML at the line and column, or at the field, that the message names.',
  },
  SECRETS_ENTRY_INVALID: {
    status: 400,
    meaning:
      'A field of the `secrets` annotation is missing, unknown, of the wrong type, or contradicts another field.',
    action: 'Follow the message. Quote numbers that are meant as text.',
  },
  VERSION_NOT_RECORDED: {
    status: 400,
    meaning:
      'The pod has `pin-version`, but the rollout controller has not recorded a version of one of its secrets in the pod template.',
    action:
      'Wait a moment: the controller records the versions of a new workload, and its pods are created then. Otherwise, check that the controller runs ([guide](../guides/rollout.md)), that it may describe the secret, and that the pod belongs to a Deployment, StatefulSet, DaemonSet or Argo Rollout.',
  },
  ALIAS_INVALID: {
    status: 400,
    meaning: 'The alias in `secret.<alias>` is not a valid name.',
    action: 'Use 1 to 40 lowercase letters, digits and hyphens; `arn` is reserved.',
  },
  ALIAS_UNKNOWN: {
    status: 400,
    meaning: 'A reference uses an alias that the pod does not define.',
    action: 'Add the annotation `secret.<alias>`, or use the ARN.',
  },
  REFERENCE_INVALID: {
    status: 400,
    meaning:
      'A reference has too many fields, an invalid version stage or version ID, or a key where the whole secret is used.',
    action: 'Use `<ARN or alias>[:json-key[:version-stage[:version-id]]]`.',
  },
  REFERENCE_STAGE_AND_ID: {
    status: 400,
    meaning: 'A reference has both a version stage and a version ID.',
    action: 'Remove one of them.',
  },
  REFERENCE_NAME_ONLY: {
    status: 400,
    meaning: 'A reference uses the name of a secret instead of its ARN.',
    action: 'Run `aws secretsmanager describe-secret --secret-id NAME` to get the ARN.',
  },
  ARN_INVALID: {
    status: 400,
    meaning: 'The value is not the ARN of a Secrets Manager secret.',
    action: 'Copy the ARN from AWS.',
  },
  ARN_PARTITION_MISMATCH: {
    status: 400,
    meaning:
      'The partition of the ARN does not match its Region, or the partition of a role does not match the secrets.',
    action: 'Use the partition that the message names.',
  },
  FAILOVER_INVALID: {
    status: 400,
    meaning: 'A Region of `failover` cannot have a replica of the secret, or is listed twice.',
    action: 'Use other Regions of the same partition, each once.',
  },
  ARN_INCOMPLETE: {
    status: 403,
    meaning: 'The ARN lacks its six-character suffix, and an operator policy requires complete ARNs.',
    action: 'Copy the complete ARN from AWS.',
  },
  ROLE_NOT_ALLOWED: {
    status: 403,
    meaning:
      'The operator does not allow pods of the namespace to use the role of `role-arn` or `assume-role-arn`.',
    action: 'Use an allowed role, or ask the operator to add the role to the setting `allowed-roles`.',
  },
  POLICY_DENIED: {
    status: 403,
    meaning:
      "A rule of the operator's policy does not allow what the pod requests. The message names the rule and what it allows.",
    action: 'Request what the rule allows, or ask the operator to change the [policy](../guides/policy.md).',
  },
  TOO_MANY_REFERENCES: {
    status: 400,
    meaning: 'The pod requests more than 500 variables and files.',
    action: 'Use `env-from` or `file-from`, which take all keys of a secret at once.',
  },
  PLAN_TOO_LARGE: {
    status: 400,
    meaning: 'The references of the pod take more than 96 KiB.',
    action: 'Request fewer values, or use `env-from` or `file-from`.',
  },
  VOLUME_TOO_LARGE: {
    status: 400,
    meaning: 'The in-memory volumes of the pod would need more than 512 MiB.',
    action: 'Request fewer values.',
  },
  ENV_NAME_INVALID: {
    status: 400,
    meaning: 'The name is not a valid environment variable name.',
    action: 'Use letters, digits and `_`; do not start with a digit.',
  },
  ENV_NAME_RESERVED: {
    status: 400,
    meaning: 'Shells reserve the variable name (`UID`, `RANDOM` and others).',
    action: 'Use another name.',
  },
  ENV_NAME_CONFLICT: {
    status: 400,
    meaning: 'A variable is requested twice for the same container.',
    action: 'Remove one of the two requests.',
  },
  ENV_ALREADY_SET: {
    status: 400,
    meaning: 'A receiving container already declares the variable.',
    action: 'Remove the variable from the container, or the annotation.',
  },
  ENV_MODE_UNDECIDED: {
    status: 400,
    meaning: 'The env-mode `auto` found no mode that works for a container.',
    action: 'Set `env-mode`, or set the command of the container.',
  },
  ENV_MODE_NATIVE_UNAVAILABLE: {
    status: 400,
    meaning:
      'The pod requests native variables, but the cluster does not support them or the operator disabled them.',
    action: 'Set `env-mode` to `shell` or `file`, or do what the message says.',
  },
  ENV_MODE_NATIVE_TOO_LARGE: {
    status: 400,
    meaning: 'Native variables would add more than 1 MiB to the pod, which is more than a cluster stores.',
    action: 'Request fewer variables or name fewer containers, or set `env-mode` to `shell` or `file`.',
  },
  DEFAULT_NOT_REPRESENTABLE: {
    status: 400,
    meaning: 'The selected env-mode or env-format cannot represent a `default`.',
    action: 'Use another default or another `env-mode`.',
  },
  ENV_MODE_NEEDS_NAMES: {
    status: 400,
    meaning: 'Native variables need names, but `env-from` learns them only when it fetches the secret.',
    action: 'Name the variables, or list the keys with `include` in the YAML form.',
  },
  ENV_MODE_NEEDS_COMMAND: {
    status: 400,
    meaning: 'The env-mode `shell` needs a container command, and the pod does not set one.',
    action: "Set `command` to the image's ENTRYPOINT, or use the env-mode `file`.",
  },
  ENV_MODE_SHELL_LOSES: {
    status: 400,
    meaning:
      'The container sets variables that a shell cannot pass on, such as `cluster.name` or `IFS`, and the env-mode is `shell`.',
    action: 'Rename the variables, or set `env-mode` to `native` or `file`.',
  },
  JMESPATH_INVALID: {
    status: 400,
    meaning: 'The expression is not valid JMESPath, or is too long.',
    action: 'Correct the expression. Write keys that contain a hyphen in double quotes.',
  },
  TEMPLATE_INVALID: {
    status: 400,
    meaning: 'The template is not valid, or an insertion does not say how to escape the value.',
    action: 'Write insertions such as `{{ password | json }}`.',
  },
  TOO_MANY_VIEWS: {
    status: 400,
    meaning: 'The containers of the pod receive more than 16 different sets of secrets.',
    action: 'Give more containers the same set.',
  },
  REFRESH_UNAVAILABLE: {
    status: 400,
    meaning:
      'The pod requests `refresh`, but the cluster does not support native sidecars or the operator disabled them.',
    action: 'Remove `refresh`, or do what the message says.',
  },
  ON_CHANGE_INVALID: {
    status: 400,
    meaning: 'An action of `on-change` is not valid, or is written twice.',
    action: 'Use `signal:HUP`, `signal:HUP@container`, `http://localhost:8080/reload` or `touch:file`.',
  },
  ON_CHANGE_IMPOSSIBLE: {
    status: 400,
    meaning:
      'The pod does not allow an action of `on-change`: a signal to a container in another process namespace, of another user, or without secrets.',
    action: 'Change the pod as the message says, or use a URL or `touch`.',
  },
  FILE_MODE_UNREADABLE: {
    status: 400,
    meaning: 'The application could not read a file with this mode.',
    action: 'Remove the mode, or set the same `runAsUser` for all containers.',
  },
  FILE_NAME_INVALID: {
    status: 400,
    meaning: 'The name of a file or directory is not allowed.',
    action: 'Use a plain name; `env` and names that start with `..` are reserved.',
  },
  FILE_NAME_CONFLICT: {
    status: 400,
    meaning: 'Two requests use the same path, or one path is both a file and a directory.',
    action: 'Rename one of them.',
  },
  MOUNT_PATH_INVALID: {
    status: 400,
    meaning: 'The mount path is not an absolute, normalized path.',
    action: 'Use a path such as `/run/secrets/aws`.',
  },
  MOUNT_PATH_RESERVED: {
    status: 400,
    meaning: 'A mount at this path would hide files of the image or the platform.',
    action: 'Use a dedicated directory.',
  },
  MOUNT_PATH_TAKEN: {
    status: 400,
    meaning: 'A receiving container already has a mount at or below this path.',
    action: 'Use another directory.',
  },
  CONTAINER_UNKNOWN: {
    status: 400,
    meaning: 'The pod has no container with this name.',
    action:
      'Correct the name. A container that another webhook adds can be named only if the configuration of that webhook sorts before `aws-secrets-injector`.',
  },
  CONTAINER_TOO_EARLY: {
    status: 400,
    meaning: 'The named container runs before the secrets are fetched.',
    action: 'Remove it from the list.',
  },
  CONTAINERS_EMPTY: {
    status: 400,
    meaning: 'No container of the pod would receive the secrets.',
    action: 'Name at least one container.',
  },
  POD_NAME_CONFLICT: {
    status: 400,
    meaning: 'The pod contains an object with a reserved name that the injector did not write.',
    action: 'Rename the object, or remove it from the manifest.',
  },
  POD_CONTAINER_ALTERED: {
    status: 400,
    meaning:
      'Another webhook or the manifest changed an injected container: a mount over its files, a field that the injector does not set, or a weaker security context.',
    action: 'Exclude the container in that webhook, or remove it from the manifest.',
  },
  POD_VARIABLE_REFUSED: {
    status: 400,
    meaning:
      'Another webhook or the manifest set a variable of an injected container that would change how the program runs, with which identity, or with which plan.',
    action: 'Exclude the container in that webhook, or remove the variable from the manifest.',
  },
  POD_MALFORMED: {
    status: 400,
    meaning: 'The object is not a pod that the API server would accept.',
    action: 'Fix the manifest.',
  },
  POD_WINDOWS: {
    status: 400,
    meaning: 'The pod runs on Windows, which has no in-memory volumes.',
    action: 'Remove the annotations.',
  },
  REVIEW_UNSUPPORTED: {
    status: 500,
    meaning: 'The request is not an `admission.k8s.io/v1` AdmissionReview.',
    action: 'Register the webhook with `admissionReviewVersions: [v1]`.',
  },
  INTERNAL: {
    status: 500,
    meaning: 'A bug in the injector.',
    action: 'Report it with the uid from the log.',
  },
} as const satisfies Readonly<Record<string, AdmissionRow>>;

export type AdmissionCode = keyof typeof ADMISSION_CODES;
