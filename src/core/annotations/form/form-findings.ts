/** Problems of the YAML form by path. Their number is bounded, so that a hostile text does not cost much. */
import { type Path, subjectAt } from '../../names/form-subject.ts';
import type { AdmissionCode } from '../../problems/admission-codes.ts';
import type { Findings } from '../../problems/findings.ts';

const MAX_PROBLEMS = 100;

export class FormFindings {
  readonly #findings: Findings;
  #count = 0;

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Whether further problems are dropped. */
  get isFull(): boolean {
    return this.#count >= MAX_PROBLEMS;
  }

  add(code: AdmissionCode, path: Path, wrong: string, expected: string): void {
    if (this.isFull) return;
    this.#count += 1;
    this.#findings.add({ code, subject: subjectAt(path), wrong, expected });
  }
}
