/** Prints a patch for people: one line for each added object. */
import type { Operation } from 'fast-json-patch';

/** One line for each object: its path and a summary. */
export function describePatch(patch: readonly Operation[]): string {
  return patch.flatMap(linesOf).join('\n');
}

function linesOf(operation: Operation): readonly string[] {
  if (operation.op !== 'add') return [`${operation.op} ${operation.path}`];
  const { path, value } = operation as { readonly path: string; readonly value: unknown };
  if (!Array.isArray(value)) return [`+ ${path}  ${summary(value)}`];
  return value.map((one, index) => `+ ${path}/${index}  ${summary(one)}`);
}

interface Described {
  readonly name?: string;
  readonly image?: string;
  readonly mountPath?: string;
  readonly readOnly?: boolean;
  readonly valueFrom?: {
    readonly fileKeyRef?: { readonly volumeName: string; readonly path: string; readonly key: string };
  };
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly securityContext?: { readonly runAsUser?: number; readonly runAsGroup?: number };
  readonly resources?: { readonly requests?: object; readonly limits?: object };
}

function summary(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const one = value as Described;
  if (one.emptyDir !== undefined) return `volume ${one.name}: in memory, at most ${one.emptyDir.sizeLimit}`;
  const file = one.valueFrom?.fileKeyRef;
  if (file !== undefined)
    return `variable ${one.name} (fileKeyRef): from the file ${file.path} in volume ${file.volumeName}`;
  if (one.mountPath !== undefined)
    return `mount ${one.name} at ${one.mountPath}${one.readOnly ? ', read-only' : ''}`;
  if (one.image !== undefined) {
    const { runAsUser, runAsGroup } = one.securityContext ?? {};
    return `init container ${one.name}: image ${one.image}, user ${runAsUser}:${runAsGroup}, resources ${JSON.stringify(one.resources)}`;
  }
  return JSON.stringify(value);
}
