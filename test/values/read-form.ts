/** The YAML form, read with its problems beside its entries. */
import { type Entry, readSecretsForm } from '../../src/core/annotations/form/read.ts';
import { Findings } from '../../src/core/problems/findings.ts';
import type { Problem } from '../../src/core/problems/problems.ts';

export interface SecretsForm {
  readonly entries: readonly Entry[];
  readonly problems: readonly Problem[];
}

export function readForm(text: string): SecretsForm {
  const findings = new Findings();
  const entries = readSecretsForm(text, findings);
  return { entries, problems: findings.problems };
}
