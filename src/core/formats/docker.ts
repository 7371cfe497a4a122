/**
 * `docker`: what `docker run --env-file` reads (package kvfile of Docker's CLI). Everything after the first
 * `=` is the value, quotes, blanks and `#` included, up to the end of the line, where Go's line scanner takes
 * one CR away.
 */
import { byteLength, environmentFault, type LineDialect, LONGEST_SCANNED_LINE } from './line-dialect.ts';

export const docker: LineDialect = {
  fault: (name, value) => {
    const fault = environmentFault(name, value);
    if (fault !== undefined) return fault;
    if (value.includes('\n')) return 'holds a newline';
    if (value.endsWith('\r')) return 'ends with a carriage return';
    return byteLength(`${name}=${value}`) <= LONGEST_SCANNED_LINE
      ? undefined
      : `makes a line of more than ${LONGEST_SCANNED_LINE} bytes`;
  },
  line: (name, value) => `${name}=${value}\n`,
};
