/**
 * Codes of warnings at admission. The API server shows a warning as one short line without its code; `lint` reports the
 * code, which users can disable. Codes are public: a code is never renamed or reused. docs/reference/lint.md is generated
 * from this table.
 */

export interface WarningRow {
  readonly meaning: string;
  readonly action: string;
}

export const WARNING_CODES = {
  ARN_WITHOUT_SUFFIX: {
    meaning:
      'The ARN lacks the six-character suffix. It matches whatever secret has this name, also one that was created again, and only in the account of the role.',
    action: 'Use the complete ARN; `aws secretsmanager describe-secret` prints it.',
  },
  DEADLINE_TOO_SHORT: {
    meaning:
      'The pod or its Job ends by `activeDeadlineSeconds` before the fetcher gives up, so nothing reports why the secrets were missing.',
    action: 'Raise `activeDeadlineSeconds`, or lower the annotation `fetch-timeout`.',
  },
  IDENTITY_SKIPPED: {
    meaning:
      'The annotation `eks.amazonaws.com/skip-containers` keeps the AWS identity of the pod from the fetcher.',
    action: 'Remove a container from the list, or set `role-arn`.',
  },
  MESH_WITHOUT_NETWORK: {
    meaning:
      'A service mesh redirects the traffic of init containers to a proxy that starts after them, so the fetcher has no network.',
    action:
      'Run the proxy as a native sidecar, or set `run-as-user` to the user of the proxy ([guide](../guides/other-webhooks.md)).',
  },
  PROCESSES_SHARED: {
    meaning:
      'Containers that share a process namespace can read the variables and files of other containers in `/proc`.',
    action:
      'Remove `shareProcessNamespace` or `hostPID`, or run the other containers as another user without the capability `SYS_PTRACE`.',
  },
  SHELL_DROPS_VARIABLES: {
    meaning:
      'The container gets variables with `envFrom`, and the shell of shell mode drops those whose names a shell cannot set.',
    action: 'Set `env-mode` to `native` or `file`, or make sure that the names are valid in a shell.',
  },
  VARIABLE_STEERS_PROGRAMS: {
    meaning: 'The variable changes how programs run, such as `PATH` or `NODE_OPTIONS`.',
    action: 'Check that this is intended, or use another name.',
  },
  VARIABLES_NOT_REFRESHED: {
    meaning: 'With `refresh`, files get new versions while the pod runs; variables do not.',
    action: 'Read the secret from a file, or restart the pods ([guide](../guides/rotation.md)).',
  },
} as const satisfies Record<string, WarningRow>;

export type WarningCode = keyof typeof WARNING_CODES;

/** A warning with its code. */
export interface Warning {
  readonly code: WarningCode;
  /** The annotation or field. */
  readonly subject: string;
  /** One printable line. */
  readonly text: string;
}
