/**
 * `systemd`: the format that `EnvironmentFile=` reads (systemd.exec(5); parse_env_file_internal in src/basic/env-file.c).
 * Between double quotes, a backslash escapes `"` and itself; all other characters are literal, including newlines.
 */
import { environmentFault, type LineDialect } from './line-dialect.ts';

/**
 * Whether a value contains an ASCII control character other than tab and newline: versions before 248 drop such a
 * variable and only log it. (Versions before 239, which also drop newlines, are not supported.)
 */
function containsControl(value: string): boolean {
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a) || code === 0x7f) return true;
  }
  return false;
}

export const systemd: LineDialect = {
  fault: (name, value) => {
    const fault = environmentFault(name, value);
    if (fault !== undefined) return fault;
    if (containsControl(value)) return 'contains a control character other than tab and newline';
    // Every version drops values that are not valid Unicode text, including noncharacters. Not a constant: V8 would build
    // the set of characters in every program that contains this format.
    return /\p{Noncharacter_Code_Point}/u.test(value) ? 'contains a Unicode noncharacter' : undefined;
  },
  line: (name, value) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"\n`,
};
