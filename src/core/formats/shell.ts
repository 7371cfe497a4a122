/** `shell`: lines that a POSIX shell sources, as in shell mode. kubelet reads the same lines: see kubelet.ts. */
import { isShellOwned } from '../names/env-names.ts';
import { environmentFault, type LineDialect } from './line-dialect.ts';
import { shellAssignment } from './shell-file.ts';

export const shell: LineDialect = {
  fault: (name, value) =>
    environmentFault(name, value) ?? (isShellOwned(name) ? 'has a name that shells reserve' : undefined),
  line: shellAssignment,
};
