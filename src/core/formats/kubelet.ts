/** Which lines of the format `shell` kubelet cannot read for `fileKeyRef`. */
import { utf8Length } from '../utf8.ts';
import { environmentFault, LONGEST_SCANNED_LINE } from './line-dialect.ts';

/**
 * Why kubelet cannot read a variable from a line of the format `shell`, or undefined. The text continues a sentence after
 * the name.
 *
 * Source: ParseEnv in Kubernetes' pkg/kubelet/util/env since 1.35: text between single quotes, read by Go's line scanner,
 * which drops a CR before each LF and stops at a line over its limit. An empty value counts as a missing variable
 * (makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go).
 */
export function nativeFault(name: string, value: string): string | undefined {
  const fault = environmentFault(name, value);
  if (fault !== undefined) return fault;
  if (value === '') return 'is empty';
  if (value.includes("'")) return 'contains a single quote';
  if (value.includes('\r\n')) return 'contains a carriage return before a newline';
  const lines = `${name}='${value}'`.split('\n');
  const fits = lines.every((line) => utf8Length(line) <= LONGEST_SCANNED_LINE);
  return fits ? undefined : `results in a line of more than ${LONGEST_SCANNED_LINE} bytes`;
}
