/** Problems of the YAML form: never so many that a hostile text costs much. */
import { type Path, subjectAt } from '../../names/form-subject.ts';
import type { AdmissionCode } from '../../problems/admission-codes.ts';
import type { Problem } from '../../problems/problems.ts';

const MAX_PROBLEMS = 100;

export class Complaints {
  readonly list: Problem[] = [];

  /** Whether more would not be shown anyway. */
  get full(): boolean {
    return this.list.length >= MAX_PROBLEMS;
  }

  add(code: AdmissionCode, path: Path, wrong: string, expected: string): void {
    if (!this.full) this.list.push({ code, subject: subjectAt(path), wrong, expected });
  }
}
