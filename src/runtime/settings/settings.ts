/**
 * Settings of a program: flags, and environment variables with one prefix and the same names. Values, the help text
 * and the reference page come from one table of definitions. Settings are read once, all problems are reported
 * together, and the result is frozen.
 */
import { parseArgs } from 'node:util';
import { nearest } from '../../core/problems/nearest.ts';
import { quote } from '../../core/problems/quote.ts';
import type { Kind } from './kinds.ts';

export const VARIABLE_PREFIX = 'SECRETS_INJECTOR_';

/** The default of a setting that must be set. */
export const REQUIRED = Symbol('required');

/** One setting. Its name is its key in the table: `listen-port` is `--listen-port` and `SECRETS_INJECTOR_LISTEN_PORT`. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  readonly fallback: T | typeof REQUIRED;
  readonly doc: string;
}

export type Definitions = Readonly<Record<string, Setting<unknown>>>;

export type Values<D extends Definitions> = {
  readonly [Name in keyof D]: D[Name] extends Setting<infer T> ? T : never;
};

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type SettingsResult<T> =
  | { readonly kind: 'settings'; readonly values: T }
  | { readonly kind: 'help' }
  | { readonly kind: 'problems'; readonly problems: readonly string[] };

/** Defines a setting. A default of another type than the kind does not compile. */
export function setting<T>(kind: Kind<T>, fallback: NoInfer<T> | typeof REQUIRED, doc: string): Setting<T> {
  return { kind, fallback, doc };
}

/** Defines a setting without a default. */
export function optional<T>(kind: Kind<T>, doc: string): Setting<T | undefined> {
  return { kind: kind as Kind<T | undefined>, fallback: undefined, doc };
}

/**
 * Reads the settings of a program. A flag wins over its variable; an empty variable counts as not set.
 * @param check finds contradictions between values that are valid individually
 */
export function readSettings<const D extends Definitions>(
  definitions: D,
  argv: readonly string[],
  env: Environment,
  check: (values: Values<D>) => readonly string[] = () => [],
): SettingsResult<Values<D>> {
  const { flags, help, problems } = readFlags(definitions, argv);
  if (help) return { kind: 'help' };
  problems.push(...unknownVariables(definitions, env));
  const values: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    values[name] = readValue(name, definition, flags.get(name), env, problems);
  }
  if (problems.length > 0) return { kind: 'problems', problems };
  const complete = Object.freeze(values) as Values<D>;
  const contradictions = check(complete);
  return contradictions.length > 0
    ? { kind: 'problems', problems: contradictions }
    : { kind: 'settings', values: complete };
}

/** The environment variable of a setting. */
export function variableName(name: string): string {
  return VARIABLE_PREFIX + name.toUpperCase().replaceAll('-', '_');
}

interface Flags {
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly help: boolean;
  readonly problems: string[];
}

function readFlags(definitions: Definitions, argv: readonly string[]): Flags {
  const options: Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, definition] of Object.entries(definitions)) {
    options[name] = { type: definition.kind.placeholder === '' ? 'boolean' : 'string' };
  }
  // Not strict: parseArgs would stop at the first problem.
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true });
  const flags = new Map<string, string[]>();
  const problems: string[] = [];
  let help = false;
  for (const token of tokens) {
    if (token.kind === 'positional')
      problems.push(
        `${quote(token.value)}: unexpected argument: pass it with a flag; --help lists the flags`,
      );
    if (token.kind !== 'option') continue;
    const known = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (token.name === 'help') help = true;
    else if (known === undefined) problems.push(unknownFlag(token.rawName, token.name, definitions));
    else if (known.type === 'string' && (token.value === undefined || isFlag(token.value, token.inlineValue)))
      problems.push(`--${token.name}: requires a value`);
    else flags.set(token.name, [...(flags.get(token.name) ?? []), token.value ?? 'true']);
  }
  return { flags, help, problems };
}

function isFlag(text: string, inline: boolean | undefined): boolean {
  return inline !== true && text.startsWith('--');
}

function unknownFlag(raw: string, name: string, definitions: Definitions): string {
  const match = nearest(name, Object.keys(definitions));
  return `${quote(raw)}: unknown flag${match === undefined ? '' : `; did you mean --${match}?`}`;
}

// Kubernetes sets these for a Service with the name secrets-injector.
const SERVICE_LINK = /^(?:SERVICE_HOST|SERVICE_PORT|PORT)(?:_|$)/;

/** A misspelled variable is a problem: otherwise a typo could silently disable a safeguard. */
function unknownVariables(definitions: Definitions, env: Environment): readonly string[] {
  const known = Object.keys(definitions).map(variableName);
  return Object.keys(env)
    .filter((name) => name.startsWith(VARIABLE_PREFIX) && !known.includes(name))
    .filter((name) => !SERVICE_LINK.test(name.slice(VARIABLE_PREFIX.length)))
    .map((name) => {
      const asFlag = name.slice(VARIABLE_PREFIX.length).toLowerCase().replaceAll('_', '-');
      const match = nearest(asFlag, Object.keys(definitions));
      const hint = match === undefined ? '' : `; did you mean ${variableName(match)}?`;
      return `${quote(name)}: unknown variable${hint}`;
    });
}

function readValue(
  name: string,
  definition: Setting<unknown>,
  flag: readonly string[] | undefined,
  env: Environment,
  problems: string[],
): unknown {
  const variable = env[variableName(name)] || undefined;
  const texts = flag ?? (variable === undefined ? [] : [variable]);
  const subject = flag === undefined ? variableName(name) : `--${name}`;
  if (texts.length === 0) {
    if (definition.fallback === REQUIRED) problems.push(`--${name} (or ${variableName(name)}): must be set`);
    return definition.fallback;
  }
  const { kind } = definition;
  if (texts.length > 1 && kind.merge === undefined) {
    problems.push(`${subject}: is set ${texts.length} times`);
    return undefined;
  }
  const parsed: unknown[] = [];
  for (const text of texts) {
    const value = kind.parse(text);
    const shown = kind.private === true ? 'the value' : quote(text);
    if (value === undefined) problems.push(`${subject}: ${shown} is not accepted; expected ${kind.expects}`);
    else parsed.push(value);
  }
  return kind.merge === undefined ? parsed[0] : kind.merge(parsed);
}
