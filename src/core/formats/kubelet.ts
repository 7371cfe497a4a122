/** What kubelet's reader of `fileKeyRef` cannot take from a file in the shell dialect. */
import { byteLength, environmentFault, LONGEST_SCANNED_LINE } from './line-dialect.ts';

/**
 * Why kubelet cannot make a variable of an assignment in the shell dialect, going on from the variable's
 * name. The rules are those of ParseEnv in Kubernetes' pkg/kubelet/util/env since 1.35: text between single
 * quotes, read by Go's line scanner, which drops a CR before each LF and ends at a line over its limit. An
 * empty value counts as a variable that is not there (makeEnvironmentVariables in
 * pkg/kubelet/kubelet_pods.go).
 */
export function nativeFault(name: string, value: string): string | undefined {
  const fault = environmentFault(name, value);
  if (fault !== undefined) return fault;
  if (value === '') return 'is empty';
  if (value.includes("'")) return 'holds a single quote';
  if (value.includes('\r\n')) return 'holds a carriage return before a newline';
  const lines = `${name}='${value}'`.split('\n');
  const fits = lines.every((line) => byteLength(line) <= LONGEST_SCANNED_LINE);
  return fits ? undefined : `makes a line of more than ${LONGEST_SCANNED_LINE} bytes`;
}
