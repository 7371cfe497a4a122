/** The options of a pod, from text to values, each with its default applied. */

import { DIALECTS, type Dialect, isDialect } from '../formats/index.ts';
import { annotationKey, type Option } from '../names/annotation-keys.ts';
import { mountPathProblem } from '../names/paths.ts';
import { parseQuantity } from '../pod/quantity.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { ENV_MODES, type EnvMode, type InjectionSettings } from '../settings.ts';

/** A quantity as written, `none` to leave the field out, or undefined to have it computed. */
export type ResourceOption = string | undefined;

export interface Options {
  /** Names as written; undefined for the default set, `*` for init containers too. */
  readonly containers: readonly string[] | '*' | undefined;
  readonly mountPath: string;
  readonly envMode: EnvMode;
  readonly envFormat: Dialect;
  readonly timeoutSeconds: number;
  readonly cpuRequest: ResourceOption;
  readonly cpuLimit: ResourceOption;
  readonly memoryRequest: ResourceOption;
  readonly memoryLimit: ResourceOption;
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
}

const DEFAULT_MOUNT_PATH = '/run/secrets/aws';
const MAX_ID = 2 ** 31 - 1;
const UNIT_SECONDS = { s: 1, m: 60, h: 3600 } as const;

/** Parses every option; what does not parse becomes a problem and its default. */
export function parseOptions(
  texts: ReadonlyMap<Option, string>,
  namespace: string,
  settings: InjectionSettings,
  problems: Problem[],
): Options {
  const read = <T>(option: Option, parse: (text: string) => T | Complaint, fallback: T): T => {
    const text = texts.get(option);
    if (text === undefined) return fallback;
    const parsed = parse(text);
    if (!(parsed instanceof Complaint)) return parsed;
    problems.push(parsed.asProblem(option, text));
    return fallback;
  };
  read('inject', parseInject, true);
  const resources = settings.resources;
  return {
    containers: read('containers', parseContainers, undefined),
    mountPath: parseMountPath(texts.get('mount-path'), problems),
    envMode: read(
      'env-mode',
      parseEnvMode,
      settings.namespaceEnvModes?.get(namespace) ?? settings.envMode ?? 'auto',
    ),
    envFormat: read('env-format', parseFormat, 'shell'),
    timeoutSeconds: read('fetch-timeout', parseTimeout, 60),
    cpuRequest: read('cpu-request', parseResource, resources?.cpuRequest),
    cpuLimit: read('cpu-limit', parseResource, resources?.cpuLimit),
    memoryRequest: read('memory-request', parseResource, resources?.memoryRequest),
    memoryLimit: read('memory-limit', parseResource, resources?.memoryLimit),
    runAsUser: read('run-as-user', (text) => parseId(text, 1), undefined),
    runAsGroup: read('run-as-group', (text) => parseId(text, 0), undefined),
  };
}

/** What an option's parser says instead of a value. */
class Complaint {
  readonly #expected: string;

  constructor(expected: string) {
    this.#expected = expected;
  }

  asProblem(option: Option, text: string): Problem {
    const wrong = `${quote(text)} is not a value of this option`;
    return { code: 'OPTION_INVALID', subject: annotationKey(option), wrong, expected: this.#expected };
  }
}

function parseInject(text: string): boolean | Complaint {
  if (text === 'true') return true;
  return text === 'false' ? false : new Complaint('write "true" or "false"');
}

function parseContainers(text: string): readonly string[] | '*' | undefined | Complaint {
  if (text.trim() === '*') return '*';
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === '' || name === '*')) {
    return new Complaint('write container names with commas between them, or "*" alone');
  }
  return [...new Set(names)];
}

function parseEnvMode(text: string): EnvMode | Complaint {
  return ENV_MODES.find((mode) => mode === text) ?? oneOf(text, ENV_MODES);
}

function parseFormat(text: string): Dialect | Complaint {
  return isDialect(text) ? text : oneOf(text, DIALECTS);
}

function oneOf(text: string, words: readonly string[]): Complaint {
  const match = nearest(text, words);
  const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return new Complaint(`write ${list}${match === undefined ? '' : ` (did you mean ${match}?)`}`);
}

function parseTimeout(text: string): number | Complaint {
  const match = /^(\d{1,6})([smh])$/.exec(text);
  const unit = match?.[2];
  const seconds =
    unit === 's' || unit === 'm' || unit === 'h' ? Number(match?.[1]) * UNIT_SECONDS[unit] : undefined;
  if (seconds === undefined || seconds < 5 || seconds > 600)
    return new Complaint('write a duration from 5s to 10m');
  return seconds;
}

function parseResource(text: string): ResourceOption | Complaint {
  const amount = text === 'none' ? 0 : parseQuantity(text);
  if (amount === undefined || amount < 0)
    return new Complaint('write a quantity such as 100m or 128Mi, or none');
  return text;
}

function parseId(text: string, least: number): number | Complaint {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  if (id === undefined || id < least || id > MAX_ID) {
    const why = least === 1 ? ' (the injected container never runs as root)' : '';
    return new Complaint(`write a number from ${least} to ${MAX_ID}${why}`);
  }
  return id;
}

function parseMountPath(text: string | undefined, problems: Problem[]): string {
  if (text === undefined) return DEFAULT_MOUNT_PATH;
  const problem = mountPathProblem(text, annotationKey('mount-path'));
  if (problem === undefined) return text;
  problems.push(problem);
  return DEFAULT_MOUNT_PATH;
}
