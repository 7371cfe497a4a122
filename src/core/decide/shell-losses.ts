/** Variables of a container's own that the shell of shell mode would drop or change. */
import { isShell, prefixedCommand } from '../additions/shell-mode.ts';
import { asArray, field, textField } from '../json.ts';
import { annotationKey } from '../names/annotation-keys.ts';
import { survivesShell } from '../names/env-names.ts';
import type { Container } from '../pod/pod.ts';
import type { Findings } from '../problems/findings.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';

const MOST_NAMED = 5;

/**
 * Adds the variables that a container in shell mode would lose, and a warning where its variables cannot be seen. Commands
 * that run a shell themselves are left out: they lose the same variables without the injector.
 */
export function checkShellLosses(container: Container, envFile: string, findings: Findings): void {
  const [program] = prefixedCommand(container, envFile) ?? container.command ?? [];
  if (isShell(program)) return;
  const lost = container.env.map((entry) => textField(entry, 'name') ?? '').filter(isLost);
  if (lost.length > 0) findings.add(() => losesVariables(container, [...new Set(lost)]));
  if ((asArray(field(container.json, 'envFrom')) ?? []).length > 0) {
    findings.warn(
      'SHELL_DROPS_VARIABLES',
      annotationKey('env-mode'),
      `container ${quote(container.name, 24)}: shell mode drops envFrom variables such as cluster.name; use native or file`,
    );
  }
}

function isLost(name: string): boolean {
  return !survivesShell(name);
}

function losesVariables(container: Container, names: readonly string[]): Problem {
  const shown = names.slice(0, MOST_NAMED).map((name) => quote(name));
  const more = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : '';
  return {
    code: 'ENV_MODE_SHELL_LOSES',
    subject: annotationKey('env-mode'),
    wrong: `container ${quote(container.name)} sets ${shown.join(', ')}${more}, which the shell of shell mode would drop or change`,
    expected: 'rename the variables, or set the annotation to native or file',
  };
}
