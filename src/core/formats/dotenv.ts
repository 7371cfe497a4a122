/**
 * `dotenv`: the subset that all of these readers read in the same way: Node's `--env-file`, npm's dotenv, python-dotenv,
 * Ruby's dotenv and Compose's `env_file`. They have no common grammar:
 *
 * - Text between single quotes is literal, but python-dotenv removes a backslash before another backslash or before the
 *   quote, and replaces `${NAME}` even there.
 * - Between double quotes, which a value with a single quote needs, most readers interpret a backslash and a dollar sign,
 *   in different ways.
 * - Node drops carriage returns; python-dotenv replaces them by newlines.
 * - Ruby's dotenv before 2.8, the version in Debian, reads line by line; later versions read a literal newline but no
 *   longer `\n`. No spelling of a newline works in both.
 */
import { environmentFault, type LineDialect } from './line-dialect.ts';

export const dotenv: LineDialect = {
  fault: (name, value) => environmentFault(name, value) ?? nameFault(name) ?? valueFault(value),
  line: (name, value) => (value.includes("'") ? `${name}="${value}"\n` : `${name}='${value}'\n`),
};

/** npm's dotenv stores the variables in a plain object. */
function nameFault(name: string): string | undefined {
  return name === '__proto__' ? 'has a name that readers of dotenv files drop' : undefined;
}

function valueFault(value: string): string | undefined {
  if (value.includes('\n')) return 'contains a newline';
  if (value.includes('\r')) return 'contains a carriage return';
  if (value.includes('$' + '{')) return 'contains a dollar sign before an opening brace';
  if (value.includes("'")) {
    return /["\\$]/.test(value)
      ? 'contains a single quote together with a double quote, a backslash or a dollar sign'
      : undefined;
  }
  return /\\(?:\\|$)/.test(value)
    ? 'contains two backslashes in a row, or a backslash at the end'
    : undefined;
}
