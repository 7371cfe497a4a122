/** A patch as a person reads it: one line for each object that is added. */
import type { Operation } from 'fast-json-patch';

/** One line per operation: where, and the essence of what. */
export function describePatch(patch: readonly Operation[]): string {
  return patch
    .filter(
      (operation) =>
        !(operation.op === 'add' && Array.isArray(operation.value) && operation.value.length === 0),
    )
    .map(
      (operation) =>
        `+ ${operation.path}  ${operation.op === 'add' ? essence(operation.value) : operation.op}`,
    )
    .join('\n');
}

interface Described {
  readonly name?: string;
  readonly image?: string;
  readonly mountPath?: string;
  readonly readOnly?: boolean;
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string };
  readonly securityContext?: { readonly runAsUser?: number; readonly runAsGroup?: number };
  readonly resources?: { readonly requests?: object; readonly limits?: object };
}

function essence(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const one = value as Described;
  if (one.emptyDir !== undefined) return `volume ${one.name}: in memory, at most ${one.emptyDir.sizeLimit}`;
  if (one.mountPath !== undefined)
    return `mount ${one.name} at ${one.mountPath}${one.readOnly ? ', read-only' : ''}`;
  if (one.image !== undefined) {
    const { runAsUser, runAsGroup } = one.securityContext ?? {};
    return `init container ${one.name}: image ${one.image}, user ${runAsUser}:${runAsGroup}, resources ${JSON.stringify(one.resources)}`;
  }
  return JSON.stringify(value);
}
