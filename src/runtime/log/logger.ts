/**
 * The log: JSON lines on standard output. Only the flat fields named here can be logged, so that no object, error
 * or annotation gets into a line by way of a helpful caller.
 */
import { pino } from 'pino';
import { BufferedOutput } from './buffered-output.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every key that a line may have besides level, time and msg. */
export interface LogFields {
  readonly uid?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly dryRun?: boolean;
  readonly outcome?: string;
  readonly reason?: string;
  /** Problem codes, without repetition, separated by commas. */
  readonly codes?: string;
  readonly references?: number;
  readonly secrets?: number;
  readonly containers?: number;
  readonly warnings?: number;
  readonly milliseconds?: number;
  readonly version?: string;
  readonly address?: string;
  readonly port?: number;
  readonly signal?: string;
  readonly seconds?: number;
  readonly file?: string;
  readonly fingerprint?: string;
  readonly notAfter?: string;
  /** Whether the cluster can set native variables, and whether each node has to prove it. */
  readonly native?: boolean;
  readonly probe?: boolean;
  readonly problem?: string;
  /** The class of an error and the places of its stack, never its message, which may quote what it choked on. */
  readonly error?: string;
  readonly at?: string;
}

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Writes what is still buffered, at once. */
  flush(): void;
}

/** A logger whose lines are buffered for a moment. `flush` writes them, and every exit calls it. */
export function makeLogger(level: LogLevel, descriptor = 1): Logger {
  const output = new BufferedOutput(descriptor);
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
  return {
    debug: (message, fields = {}) => log.debug(fields, message),
    info: (message, fields = {}) => log.info(fields, message),
    warn: (message, fields = {}) => log.warn(fields, message),
    error: (message, fields = {}) => log.error(fields, message),
    flush: () => output.flush(),
  };
}

/** What may be logged of an error: its class and where it was thrown. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  // The message stands at the stack's beginning, and may hold lines that look like places.
  const stack = error.stack ?? '';
  const message = stack.indexOf(error.message);
  const places =
    message < 0
      ? []
      : stack
          .slice(message + error.message.length)
          .split('\n')
          .slice(1);
  return {
    error: error.name,
    at: places
      .slice(0, 5)
      .map((line) => line.trim())
      .join('; '),
  };
}
