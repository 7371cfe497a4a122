/**
 * Codes of sidecar mode, in its log and metrics. They never end the container: the files stay as they are, and the next look
 * or attempt follows. The rules of `admission-codes.ts` apply here too.
 */

export interface RefreshRow {
  readonly meaning: string;
  readonly action: string;
}

export const REFRESH_CODES = {
  REFRESH_VERSIONS_MOVED: {
    meaning: 'Versions changed again and again while they were read, so no consistent set was found.',
    action: 'None if it ends by itself; otherwise check what rotates the secrets so often.',
  },
  REFRESH_INTERRUPTED: {
    meaning: 'The process that looks for new versions was killed, or did not end in time.',
    action: 'Check the memory limit of the container, and the log for a bug.',
  },
  CHANGE_PROCESS_MISSING: {
    meaning: 'The process for a signal of `on-change` was not found.',
    action: 'Check that the container runs and that the pod sets `shareProcessNamespace: true`.',
  },
  CHANGE_SIGNAL_DENIED: {
    meaning: 'The sidecar must not send a signal to the process, because it runs as another user.',
    action: 'Run the container as the user of the sidecar, or set `run-as-user`.',
  },
  CHANGE_SIGNAL_UNHANDLED: {
    meaning: 'The main process of the container does not handle the signal, which would end it.',
    action: 'Start the program with `exec` if a shell starts it, or use a signal that the program handles.',
  },
  CHANGE_CALL_FAILED: {
    meaning: 'The URL of `on-change` did not answer with a status from 200 to 299 within ten seconds.',
    action: 'Check the port, the path and the log of the application.',
  },
  CHANGE_TOUCH_FAILED: {
    meaning: 'The file of `on-change` could not be written.',
    action: 'Check the space of the volume.',
  },
} as const satisfies Readonly<Record<string, RefreshRow>>;

export type RefreshCode = keyof typeof REFRESH_CODES;
