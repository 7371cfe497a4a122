/**
 * `dotenv`: the subset that Node's `--env-file`, npm's dotenv, python-dotenv and Compose's `env_file` read in the same way.
 * They have no common grammar:
 *
 * - Text between single quotes is literal, also over several lines, but python-dotenv removes a backslash before another
 *   backslash or before the quote, and replaces `${NAME}` even there.
 * - Between double quotes, which a value with a single quote needs, most readers interpret a backslash and a dollar sign,
 *   in different ways.
 * - Node drops carriage returns; python-dotenv replaces them by newlines.
 *
 * `dotenv-ruby`: the subset that all versions of Ruby's dotenv read. Versions before 2.8, such as the one in Debian, read
 * line by line; later versions read a literal newline but no longer `\n`, so no spelling of a newline works in both. Later
 * versions take a quote after a backslash as part of the value.
 */
import { environmentFault, type LineDialect } from './line-dialect.ts';

const line = (name: string, value: string): string =>
  value.includes("'") ? `${name}="${value}"\n` : `${name}='${value}'\n`;

export const dotenv: LineDialect = {
  fault: (name, value) => environmentFault(name, value) ?? nameFault(name) ?? valueFault(value),
  line,
};

export const dotenvRuby: LineDialect = {
  fault: (name, value) => environmentFault(name, value) ?? rubyFault(value),
  line,
};

/** npm's dotenv stores the variables in a plain object. */
function nameFault(name: string): string | undefined {
  return name === '__proto__' ? 'has a name that readers of dotenv files drop' : undefined;
}

function valueFault(value: string): string | undefined {
  if (value.includes('\r')) return 'contains a carriage return';
  if (value.includes('$' + '{')) return 'contains a dollar sign before an opening brace';
  if (value.includes("'")) return doubleQuoteFault(value);
  return /\\(?:\\|$)/.test(value)
    ? 'contains two backslashes in a row, or a backslash at the end'
    : undefined;
}

function rubyFault(value: string): string | undefined {
  if (value.includes('\n')) return 'contains a newline';
  if (value.includes('\r')) return 'contains a carriage return';
  if (value.includes("'")) return doubleQuoteFault(value);
  return value.endsWith('\\') ? 'ends with a backslash' : undefined;
}

function doubleQuoteFault(value: string): string | undefined {
  return /["\\$]/.test(value)
    ? 'contains a single quote together with a double quote, a backslash or a dollar sign'
    : undefined;
}
