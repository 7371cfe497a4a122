/**
 * `docker`: the format that `docker run --env-file` reads (package kvfile of Docker's CLI). The value is everything after
 * the first `=`, including quotes, blanks and `#`. Go's line scanner drops one CR at the end of the line.
 */
import { utf8Length } from '../utf8.ts';
import { environmentFault, type LineDialect, LONGEST_SCANNED_LINE } from './line-dialect.ts';

export const docker: LineDialect = {
  fault: (name, value) => {
    const fault = environmentFault(name, value);
    if (fault !== undefined) return fault;
    if (value.includes('\n')) return 'contains a newline';
    if (value.endsWith('\r')) return 'ends with a carriage return';
    return utf8Length(`${name}=${value}`) <= LONGEST_SCANNED_LINE
      ? undefined
      : `results in a line of more than ${LONGEST_SCANNED_LINE} bytes`;
  },
  line: (name, value) => `${name}=${value}\n`,
};
