/**
 * `dotenv`: what all of these read the same: Node's `--env-file`, npm's dotenv, python-dotenv, Ruby's dotenv
 * and Compose's `env_file`. There is no common grammar, so this is where they meet:
 *
 * - Between single quotes text stands for itself, but python-dotenv takes a backslash before another or
 *   before the quote away, and replaces `${NAME}` even there.
 * - Between double quotes, which a single quote needs, a backslash and a dollar sign mean something to most
 *   of them, and not the same.
 * - Node drops carriage returns, python-dotenv makes newlines of them.
 * - Ruby's dotenv before 2.8, which is Debian's, reads line by line; its later versions read a newline as it
 *   is, but no longer `\n`. So there is no way to write a newline that both understand.
 */
import { environmentFault, type LineDialect } from './line-dialect.ts';

export const dotenv: LineDialect = {
  fault: (name, value) => environmentFault(name, value) ?? nameFault(name) ?? valueFault(value),
  line: (name, value) => (value.includes("'") ? `${name}="${value}"\n` : `${name}='${value}'\n`),
};

/** npm's dotenv collects the variables in a plain object. */
function nameFault(name: string): string | undefined {
  return name === '__proto__' ? 'has a name that readers of dotenv files lose' : undefined;
}

function valueFault(value: string): string | undefined {
  if (value.includes('\n')) return 'holds a newline';
  if (value.includes('\r')) return 'holds a carriage return';
  if (value.includes('$' + '{')) return 'holds a dollar sign before an opening brace';
  if (value.includes("'")) {
    return /["\\$]/.test(value)
      ? 'holds a single quote together with a double quote, a backslash or a dollar sign'
      : undefined;
  }
  return /\\(?:\\|$)/.test(value) ? 'holds two backslashes in a row, or one at its end' : undefined;
}
