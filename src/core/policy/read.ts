/** From the text of a policy file to its rules. */
import { addIssues } from '../annotations/form/issues.ts';
import { readTree, type TreeFindings } from '../annotations/form/tree.ts';
import { fieldAt, type Path } from '../names/form-subject.ts';
import type { AdmissionCode } from '../problems/admission-codes.ts';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { lineAt } from './place.ts';
import { type Policy, policyOf } from './policy.ts';
import {
  MAX_PATTERNS,
  POLICY,
  POLICY_FIELDS,
  type PolicyForm,
  RULE_FIELDS,
  type RuleForm,
} from './schema.ts';

/** Of the file. A ConfigMap can contain four times as much. */
export const MAX_POLICY_BYTES = 256 * 1024;

/**
 * Reads a policy. Never throws. A text that is empty is a problem, because it could be a file that was lost.
 * @returns the policy, or every problem in one line each: the line and the field, what was found and what is expected
 */
export function readPolicy(text: string): Result<Policy, readonly string[]> {
  const findings = new PolicyFindings(text);
  const tree = readTree(text, findings);
  if (tree === undefined) return failed(findings.problems);
  if (tree.root === null && findings.problems.length === 0)
    return failed(['the file is empty; write "rules: []" for a policy that allows everything']);
  const parsed = POLICY.safeParse(tree.root);
  if (parsed.success) checkRules(parsed.data, findings);
  else
    addIssues(parsed.error.issues, tree, findings, (path) =>
      path.length === 0 ? POLICY_FIELDS : RULE_FIELDS,
    );
  return parsed.success && findings.problems.length === 0
    ? ok(policyOf(parsed.data))
    : failed(findings.problems);
}

/** What the schema cannot express. */
function checkRules({ namespaces = [], rules }: PolicyForm, findings: PolicyFindings): void {
  const names = new Set<string>();
  for (const [index, { name }] of rules.entries()) {
    if (names.has(name))
      findings.complain(
        ['rules', index, 'name'],
        `another rule has the name ${quote(name)}`,
        'use another name',
      );
    names.add(name);
  }
  const patterns = rules.reduce((sum, rule) => sum + patternsOf(rule), namespaces.length);
  if (patterns > MAX_PATTERNS)
    findings.complain(
      [],
      `the policy contains ${patterns} namespaces, accounts, Regions, secrets and roles`,
      `use at most ${MAX_PATTERNS}; "*" and {namespace} replace many of them`,
    );
}

function patternsOf({ namespaces, exceptNamespaces, accounts, regions, secrets, roles }: RuleForm): number {
  return [namespaces, exceptNamespaces, accounts, regions, secrets, roles].reduce(
    (sum, list) => sum + (list?.length ?? 0),
    0,
  );
}

const MOST_PROBLEMS = 20;

/** Problems of a policy file, as lines. */
class PolicyFindings implements TreeFindings {
  readonly #found: { readonly line: number; readonly text: string }[] = [];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get isFull(): boolean {
    return this.#found.length >= MOST_PROBLEMS;
  }

  /** In the order of the text. */
  get problems(): readonly string[] {
    return this.#found.toSorted((one, other) => one.line - other.line).map(({ text }) => text);
  }

  add(_code: AdmissionCode, path: Path, wrong: string, expected: string): void {
    this.complain(path, wrong, expected);
  }

  complain(path: Path, wrong: string, expected: string): void {
    if (this.isFull) return;
    const line = path.length === 0 ? undefined : lineAt(this.#text, path);
    const field = fieldAt(path).replace(/^\./, '');
    const place = [line === undefined ? '' : `line ${line}`, field].filter((one) => one !== '').join(', ');
    this.#found.push({
      line: line ?? 0,
      text: `${place === '' ? '' : `${place}: `}${wrong}; ${expected}`,
    });
  }
}
