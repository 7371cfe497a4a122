/** Problems of the YAML form: where in it, and never so many that a hostile text costs much. */
import { PREFIX } from '../prefix.ts';
import type { AdmissionCode, Problem } from '../problems.ts';
import { quote } from '../quote.ts';

/** The annotation that holds the YAML form. */
export const SECRETS = `${PREFIX}secrets`;

/** From the list at the root to a part. */
export type Path = readonly (string | number)[];

const MAX_PROBLEMS = 100;
const PLAIN_KEY = /^[A-Za-z0-9_-]{1,64}$/;

/** The subject of messages about a part: `secrets-injector.dev/secrets[0].files["tls/key.pem"].mode`. */
export function subjectAt(path: Path): string {
  let subject = SECRETS;
  for (const part of path) {
    if (typeof part === 'number') subject += `[${part}]`;
    else subject += PLAIN_KEY.test(part) ? `.${part}` : `[${quote(part, 48)}]`;
  }
  return subject;
}

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
