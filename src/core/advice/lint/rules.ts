/**
 * The rules of `lint`: every problem and warning of the webhook under its own code, and what only a look at the whole
 * manifest shows. docs/reference/lint.md is generated from this table. Codes are public: never renamed or reused.
 */
import { ADMISSION_CODES, type AdmissionCode } from '../../problems/admission-codes.ts';
import { problemAnchor } from '../../problems/problems.ts';
import { WARNING_CODES, type WarningCode } from '../../problems/warning-codes.ts';

export type LintLevel = 'error' | 'warning' | 'note';

export interface LintRow {
  readonly level: LintLevel;
  readonly meaning: string;
  readonly action: string;
  /** What `--fix` does, where the change is certain. */
  readonly fix?: string;
}

/** Rules that the webhook does not have. */
export const MANIFEST_RULES = {
  ALIAS_UNUSED: {
    level: 'warning',
    meaning: 'The alias is defined, and no reference uses it.',
    action: 'Remove the annotation, or use the alias.',
    fix: 'Removes the annotation.',
  },
  ANNOTATION_MISPLACED: {
    level: 'error',
    meaning:
      'The annotation is on a workload, such as a Deployment. The webhook reads annotations of pods only, so the pods start without the secret.',
    action: 'Move the annotation to the metadata of the pod template.',
    fix: 'Moves the annotation to the pod template.',
  },
  ANNOTATIONS_TOO_LARGE: {
    level: 'error',
    meaning: 'All annotations of the pod together are larger than 256 KiB. The API server refuses the pod.',
    action: 'Request fewer values, or use `env-from` and `file-from` for whole secrets.',
  },
  ARN_SUFFIX_AMBIGUOUS: {
    level: 'warning',
    meaning:
      'The ARN ends in a hyphen and six characters that look like a part of the name. Secrets Manager reads them as the suffix, and finds another secret or none.',
    action: 'Use the complete ARN; `aws secretsmanager describe-secret` prints it.',
  },
  CONTAINERS_BROAD: {
    level: 'note',
    meaning:
      'Every container of the pod receives everything, and the manifest shows that some of them do not need it.',
    action: 'List the containers in the annotation `containers`, or in `containers` of the YAML form.',
  },
  IMAGE_UNPINNED: {
    level: 'warning',
    meaning:
      'A container that receives secrets uses an image without a tag, or with the tag `latest`: whoever pushes to the repository gets the secrets.',
    action: 'Use a digest, or at least a version as tag.',
  },
  MANIFEST_UNREADABLE: {
    level: 'error',
    meaning:
      'kubectl cannot read the document, so it was not checked. In a directory, documents that do not mention the injector are only counted.',
    action: 'Fix the document. For the templates of a chart, pass the output of `helm template`.',
  },
  MANIFEST_TEXT_IGNORED: {
    level: 'warning',
    meaning: 'kubectl ignores the text from here to the next line `---`.',
    action: 'Separate documents with `---`, or remove the text.',
  },
  NATIVE_REQUIRED: {
    level: 'note',
    meaning:
      'The container has no command with a shell, so its variables need native mode: Kubernetes 1.35 or newer.',
    action:
      'On older clusters, set `command`, or use files. With `--native-variables on` or `off`, the cluster is known.',
  },
  NOTHING_REQUESTED: {
    level: 'warning',
    meaning: 'The pod sets aliases or options, and requests no secret.',
    action: 'Request a variable or a file, or remove the annotations.',
  },
  PLAIN_TEXT_SECRET: {
    level: 'warning',
    meaning:
      'A pod that requests secrets also contains what looks like one: everyone who can read the manifest or the pod can read it.',
    action: 'Store the value in Secrets Manager, request it by reference, and replace the exposed value.',
  },
  PREFIX_MISSPELLED: {
    level: 'error',
    meaning: 'The prefix of the annotation is almost that of the injector, so the annotation has no effect.',
    action: 'Use the prefix `secrets-injector.dev/`.',
    fix: 'Corrects the prefix.',
  },
  VARIABLE_TAKES_FILE: {
    level: 'note',
    meaning:
      'The program can read the value from a file, and native variables are stored on the disk of the node.',
    action: 'Request a file, and set the variable to its path.',
  },
} as const satisfies Record<string, LintRow>;

export type ManifestRule = keyof typeof MANIFEST_RULES;

export type LintRule = AdmissionCode | WarningCode | ManifestRule;

/** Fixes of the webhook's problems. */
const ADMISSION_FIXES: Partial<Record<AdmissionCode, string>> = {
  ANNOTATION_NOT_TEXT: 'Puts the value in quotes, as it is written.',
  ANNOTATION_UNKNOWN: 'Corrects uppercase letters in the prefix. Other keys stay as they are.',
};

export interface RuleInfo extends LintRow {
  readonly rule: LintRule;
  /** Where the documentation describes it. */
  readonly page: string;
}

/** Every rule, by code. */
export const LINT_RULES: ReadonlyMap<string, RuleInfo> = new Map(
  [
    ...Object.entries(ADMISSION_CODES).map(([rule, { meaning, action }]): RuleInfo => {
      const fix = ADMISSION_FIXES[rule as AdmissionCode];
      const page = `docs/reference/problems.md#${problemAnchor(rule)}`;
      return {
        ...{ rule: rule as AdmissionCode, level: 'error', meaning, action, page },
        ...(fix === undefined ? {} : { fix }),
      };
    }),
    ...Object.entries(WARNING_CODES).map(
      ([rule, row]): RuleInfo => ({
        ...{ ...row, rule: rule as WarningCode, level: 'warning', page: pageOf(rule) },
      }),
    ),
    ...Object.entries(MANIFEST_RULES).map(
      ([rule, row]): RuleInfo => ({ ...row, rule: rule as ManifestRule, page: pageOf(rule) }),
    ),
  ]
    .toSorted((one, other) => (one.rule < other.rule ? -1 : 1))
    .map((info) => [info.rule, info]),
);

function pageOf(rule: string): string {
  return `docs/reference/lint.md#${rule.toLowerCase()}`;
}

/** The level of a rule. */
export function levelOf(rule: LintRule): LintLevel {
  return LINT_RULES.get(rule)?.level ?? 'error';
}
