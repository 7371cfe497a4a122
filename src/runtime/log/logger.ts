/**
 * The log: JSON lines on standard output. Only the fields below can be logged, so that no object, error or annotation gets
 * into a line by accident.
 */
import { pino } from 'pino';
import { BufferedOutput } from './buffered-output.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** All fields of a line besides level, time and msg. */
export interface LogFields {
  readonly uid?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly dryRun?: boolean;
  readonly outcome?: string;
  readonly reason?: string;
  /** Problem codes without duplicates, separated by commas. */
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
  /** Whether the cluster supports native variables or sidecars, and whether each node is checked. */
  readonly native?: boolean;
  readonly probe?: boolean;
  /** The number of rules of a policy. */
  readonly rules?: number;
  readonly problem?: string;
  /** The class of an error and its stack, without its message, which may quote a request. */
  readonly error?: string;
  readonly at?: string;
}

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Writes all buffered lines synchronously. */
  flush(): void;
}

/** A logger that buffers lines for a moment. Call `flush` before the process exits. */
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

/** The fields of an error: its class and its stack. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  // The stack starts with the message, which may contain lines that look like stack frames.
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
