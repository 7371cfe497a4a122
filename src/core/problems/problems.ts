/**
 * Every complaint that a user or operator can meet, by code. Codes are covered surface: they are documented,
 * searched for and alerted on, so a code is never renamed and a retired one is never given a new meaning.
 */

/** Whose move it is: `user` answers 400, `policy` 403 and `internal` 500 at admission. */
export type ProblemCategory = 'user' | 'policy' | 'internal';

/** Codes of the decision at admission, with whose mistake each one is. */
const ADMISSION_CODES = {
  ANNOTATION_UNKNOWN: 'user',
  ANNOTATION_UNAVAILABLE: 'user',
  ANNOTATION_NOT_TEXT: 'user',
  OPTION_INVALID: 'user',
  OPTION_CONFLICT: 'user',
  SECRETS_YAML_INVALID: 'user',
  SECRETS_ENTRY_INVALID: 'user',
  ALIAS_INVALID: 'user',
  ALIAS_UNKNOWN: 'user',
  REFERENCE_INVALID: 'user',
  REFERENCE_STAGE_AND_ID: 'user',
  REFERENCE_NAME_ONLY: 'user',
  ARN_INVALID: 'user',
  ARN_PARTITION_MISMATCH: 'user',
  ARN_INCOMPLETE: 'policy',
  TOO_MANY_REFERENCES: 'user',
  PLAN_TOO_LARGE: 'user',
  VOLUME_TOO_LARGE: 'user',
  ENV_NAME_INVALID: 'user',
  ENV_NAME_RESERVED: 'user',
  ENV_NAME_CONFLICT: 'user',
  ENV_ALREADY_SET: 'user',
  ENV_MODE_UNDECIDED: 'user',
  ENV_MODE_NEEDS_COMMAND: 'user',
  ENV_MODE_NEEDS_NAMES: 'user',
  ENV_MODE_NATIVE_UNAVAILABLE: 'user',
  ENV_MODE_NATIVE_TOO_LARGE: 'user',
  DEFAULT_NOT_REPRESENTABLE: 'user',
  JMESPATH_INVALID: 'user',
  TEMPLATE_INVALID: 'user',
  TOO_MANY_VIEWS: 'user',
  FILE_NAME_INVALID: 'user',
  FILE_NAME_CONFLICT: 'user',
  FILE_MODE_UNREADABLE: 'user',
  MOUNT_PATH_INVALID: 'user',
  MOUNT_PATH_RESERVED: 'user',
  MOUNT_PATH_TAKEN: 'user',
  CONTAINER_UNKNOWN: 'user',
  CONTAINER_TOO_EARLY: 'user',
  CONTAINERS_EMPTY: 'user',
  POD_NAME_CONFLICT: 'user',
  POD_MALFORMED: 'user',
  POD_WINDOWS: 'user',
  REVIEW_UNSUPPORTED: 'internal',
  INTERNAL: 'internal',
} as const satisfies Record<string, ProblemCategory>;

/** Codes of the injected init containers, with the exit code that each one ends its container with. */
const FETCH_CODES = {
  PLAN_INVALID: 2,
  IDENTITY_MISSING: 10,
  IDENTITY_TOKEN_UNREADABLE: 10,
  IDENTITY_REFUSED: 10,
  AWS_ACCESS_DENIED: 11,
  AWS_KMS_DENIED: 11,
  SECRET_NOT_FOUND: 12,
  SECRET_DELETED: 12,
  SECRET_MISMATCH: 12,
  SECRET_REFUSED: 12,
  AWS_UNAVAILABLE: 13,
  AWS_THROTTLED: 13,
  VALUE_ABSENT: 14,
  VALUE_NOT_JSON: 14,
  VALUE_NOT_TEXT: 14,
  VALUE_KEY_MISSING: 14,
  VALUE_NOT_DECODABLE: 14,
  VALUE_NOT_SELECTABLE: 14,
  VALUE_NOT_REPRESENTABLE: 14,
  VALUE_NAME_INVALID: 14,
  VALUE_NAME_REFUSED: 14,
  VALUE_NAME_TAKEN: 14,
  WRITE_FAILED: 15,
  WRITE_VOLUME_FULL: 15,
  WRITE_READ_ONLY: 15,
  KUBELET_TOO_OLD: 16,
  FETCH_INTERNAL: 70,
  FETCH_TERMINATED: 143,
} as const satisfies Record<string, number>;

export type AdmissionCode = keyof typeof ADMISSION_CODES;
export type FetchCode = keyof typeof FETCH_CODES;

/** A coded complaint. `subject` names the annotation or field; no part ever holds a secret's value. */
export interface Problem<Code extends string = AdmissionCode> {
  readonly code: Code;
  readonly subject: string;
  readonly wrong: string;
  readonly expected: string;
}

export type FetchProblem = Problem<FetchCode>;

/** Whose move a problem of admission is. */
export function categoryOf(code: AdmissionCode): ProblemCategory {
  return ADMISSION_CODES[code];
}

/** The exit code of the fetcher for a problem. */
export function exitCodeOf(code: FetchCode): number {
  return FETCH_CODES[code];
}

/** All codes, in the order of the catalogue: for the documentation and its test. */
export const ALL_CODES: readonly string[] = [...Object.keys(ADMISSION_CODES), ...Object.keys(FETCH_CODES)];

/** One line for people: `CODE subject: what is wrong; what is expected`. */
export function formatProblem(problem: Problem<string>): string {
  return `${problem.code} ${problem.subject}: ${problem.wrong}; ${problem.expected}`;
}

/**
 * Problems as one text: the first five, then a count of the rest, so that an event or `kubectl` line stays
 * readable. @returns lines joined with a line feed.
 */
export function formatProblems(problems: readonly Problem<string>[]): string {
  const lines = problems.slice(0, 5).map(formatProblem);
  const more = problems.length - lines.length;
  return more > 0 ? `${lines.join('\n')}\n… and ${more} more` : lines.join('\n');
}
