/**
 * `systemd`: what `EnvironmentFile=` reads (systemd.exec(5); parse_env_file_internal in
 * src/basic/env-file.c). Between double quotes a backslash takes the meaning from `"` and from itself, and
 * everything else stands for itself, newlines too.
 */
import { environmentFault, type LineDialect } from './line-dialect.ts';

// Every version drops what is not valid Unicode text, and counts noncharacters to that.
const NONCHARACTER = /\p{Noncharacter_Code_Point}/u;

/**
 * Control characters of ASCII but tab and newline: versions before 248 drop a variable that holds one, and
 * only log it. (Before 239 newlines too; those versions are too old to write for.)
 */
function holdsControl(value: string): boolean {
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
    if (holdsControl(value)) return 'holds a control character other than tab and newline';
    return NONCHARACTER.test(value) ? 'holds a Unicode noncharacter' : undefined;
  },
  line: (name, value) => `${name}="${value.replaceAll(/["\\]/g, '\\$&')}"\n`,
};
