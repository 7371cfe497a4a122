/** The options of a pod, from text to values, each with its default. */
import { parseDuration } from '../duration.ts';
import { DIALECTS, type Dialect, isDialect } from '../formats/index.ts';
import { annotationKey, type Option } from '../names/annotation-keys.ts';
import { mountPathProblem } from '../names/paths.ts';
import { parseRoleArn, type RoleArn } from '../names/role-arn.ts';
import { FILE_MODE, FILE_MODE_EXPECTED, type FileMode } from '../plan/file-mode.ts';
import { parseQuantity } from '../pod/quantity.ts';
import type { Findings } from '../problems/findings.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { ENV_MODES, type EnvMode, type InjectionSettings } from '../settings.ts';
import { checkWithoutRefresh, parseInterval, type RefreshOptions, readActions } from './refresh.ts';

/** A quantity as written, `none` to omit the field, or undefined for the operator's default or a computed value. */
export type ResourceOption = string | undefined;

export interface Options {
  /** Names as written; undefined for the default set, `*` to include init containers. */
  readonly containers: readonly string[] | '*' | undefined;
  readonly mountPath: string;
  readonly envMode: EnvMode;
  /** What the annotation says, apart from the operator's default. */
  readonly writtenEnvMode: EnvMode | 'invalid' | undefined;
  readonly envFormat: Dialect;
  readonly timeoutSeconds: number;
  readonly cpuRequest: ResourceOption;
  readonly cpuLimit: ResourceOption;
  readonly memoryRequest: ResourceOption;
  readonly memoryLimit: ResourceOption;
  readonly runAsUser: number | undefined;
  readonly runAsGroup: number | undefined;
  /** Undefined to have it computed. */
  readonly fileMode: FileMode | undefined;
  /** The role of the fetcher alone; undefined for the identity of the pod. */
  readonly roleArn: RoleArn | undefined;
  /** The role that the fetcher assumes with the credentials of the first. */
  readonly assumeRoleArn: RoleArn | undefined;
  readonly externalId: string | undefined;
  /** Whether each view gets a file that lists what was delivered. */
  readonly manifestFile: boolean;
  /** Undefined if the fetcher ends after the first fetch. */
  readonly refresh: RefreshOptions | undefined;
  /** Whether the pod gets the versions that the rollout controller recorded. */
  readonly pinVersion: boolean;
}

const DEFAULT_MOUNT_PATH = '/run/secrets/aws';
const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_ID = 2 ** 31 - 1;

/** A parser of one option. Its problem is what the option expects. */
type Parse<T> = (text: string) => Result<T, string>;

/** Reads every option. A value that does not parse is added to the findings and replaced by the default. */
export function readOptions(
  texts: ReadonlyMap<Option, string>,
  namespace: string,
  settings: InjectionSettings,
  findings: Findings,
): Options {
  const read = <T>(option: Option, parse: Parse<T>, fallback: T): T => {
    const text = texts.get(option);
    if (text === undefined) return fallback;
    const parsed = parse(text);
    if (parsed.ok) return parsed.value;
    findings.add(invalid(option, text, parsed.problem));
    return fallback;
  };
  read('inject', parseSwitch, true);
  const containers = read<Options['containers']>('containers', parseContainers, undefined);
  const mountPath = readMountPath(texts.get('mount-path'), findings);
  const writtenEnvMode = read<EnvMode | 'invalid' | undefined>(
    'env-mode',
    parseEnvMode,
    texts.has('env-mode') ? 'invalid' : undefined,
  );
  const seconds = read<number | undefined>('refresh', parseInterval, undefined);
  const required = read('refresh-required', parseSwitch, false);
  const onChange = readActions(texts.get('on-change'), findings);
  const options: Options = {
    containers,
    mountPath,
    envMode:
      writtenEnvMode === undefined || writtenEnvMode === 'invalid'
        ? (settings.namespaceEnvModes?.get(namespace) ?? settings.envMode ?? 'auto')
        : writtenEnvMode,
    writtenEnvMode,
    envFormat: read('env-format', parseFormat, 'shell'),
    timeoutSeconds: read('fetch-timeout', parseTimeout, DEFAULT_TIMEOUT_SECONDS),
    cpuRequest: read<ResourceOption>('cpu-request', parseResource, undefined),
    cpuLimit: read<ResourceOption>('cpu-limit', parseResource, undefined),
    memoryRequest: read<ResourceOption>('memory-request', parseResource, undefined),
    memoryLimit: read<ResourceOption>('memory-limit', parseResource, undefined),
    runAsUser: read<number | undefined>('run-as-user', (text) => parseId(text, 1), undefined),
    runAsGroup: read<number | undefined>('run-as-group', (text) => parseId(text, 0), undefined),
    fileMode: read<FileMode | undefined>('file-mode', parseMode, undefined),
    roleArn: read<RoleArn | undefined>('role-arn', parseRole, undefined),
    assumeRoleArn: read<RoleArn | undefined>('assume-role-arn', parseRole, undefined),
    externalId: read<string | undefined>('external-id', parseExternalId, undefined),
    manifestFile: read('manifest-file', parseSwitch, false),
    refresh: seconds === undefined ? undefined : { seconds, required, onChange },
    pinVersion: read('pin-version', parseSwitch, false),
  };
  findings.add(formatConflict(options));
  if (texts.has('external-id') && !texts.has('assume-role-arn')) findings.add(externalIdConflict());
  checkWithoutRefresh(texts, findings);
  if (options.pinVersion && options.refresh !== undefined) findings.add(pinConflict());
  return options;
}

function invalid(option: Option, text: string, expected: string): Problem {
  return {
    code: 'OPTION_INVALID',
    subject: annotationKey(option),
    wrong: `${quote(text)} is not ${option.endsWith('role-arn') ? 'the ARN of a role' : 'a valid value'}`,
    expected,
  };
}

/** Only the env-mode file can have an env-format other than `shell`. */
function formatConflict({ envFormat, writtenEnvMode: mode }: Options): Problem | undefined {
  if (envFormat === 'shell' || (mode !== 'native' && mode !== 'shell')) return undefined;
  return {
    code: 'OPTION_CONFLICT',
    subject: annotationKey('env-format'),
    wrong: `${quote(envFormat)} contradicts ${annotationKey('env-mode')} ${quote(mode)}, which needs the format shell`,
    expected: 'remove one of the two; with another env-format the application reads the env file itself',
  };
}

function pinConflict(): Problem {
  return {
    code: 'OPTION_CONFLICT',
    subject: annotationKey('pin-version'),
    wrong: `the option contradicts ${annotationKey('refresh')}, which delivers new versions as soon as they exist`,
    expected: 'remove one of the two',
  };
}

function externalIdConflict(): Problem {
  return {
    code: 'OPTION_CONFLICT',
    subject: annotationKey('external-id'),
    wrong: `the option requires the annotation ${annotationKey('assume-role-arn')}`,
    expected: `add ${annotationKey('assume-role-arn')}, or remove the external ID`,
  };
}

function parseSwitch(text: string): Result<boolean, string> {
  if (text === 'true' || text === 'false') return ok(text === 'true');
  return failed('use "true" or "false"');
}

function parseContainers(text: string): Result<readonly string[] | '*', string> {
  if (text === '*') return ok('*');
  const names = text.split(',').map((name) => name.trim());
  return names.some((name) => name === '' || name === '*')
    ? failed('use container names separated by commas, or "*" alone')
    : ok([...new Set(names)]);
}

function parseEnvMode(text: string): Result<EnvMode, string> {
  const mode = ENV_MODES.find((one) => one === text);
  return mode === undefined ? failed(oneOf(text, ENV_MODES)) : ok(mode);
}

function parseFormat(text: string): Result<Dialect, string> {
  return isDialect(text) ? ok(text) : failed(oneOf(text, DIALECTS));
}

function oneOf(text: string, words: readonly string[]): string {
  const match = nearest(text, words);
  const list = `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
  return `use ${list}${match === undefined ? '' : ` (did you mean ${match}?)`}`;
}

function parseTimeout(text: string): Result<number, string> {
  const seconds = parseDuration(text);
  return seconds === undefined || seconds < 5 || seconds > 600
    ? failed('use a duration from 5s to 10m')
    : ok(seconds);
}

function parseResource(text: string): Result<string, string> {
  const amount = text === 'none' ? 0 : parseQuantity(text);
  return amount === undefined || amount < 0
    ? failed('use a quantity such as 100m or 128Mi, or none')
    : ok(text);
}

function parseId(text: string, least: number): Result<number, string> {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  if (id !== undefined && id >= least && id <= MAX_ID) return ok(id);
  const why = least === 1 ? '; the injected container never runs as root' : '';
  return failed(`use a number from ${least} to ${MAX_ID}${why}`);
}

function parseMode(text: string): Result<FileMode, string> {
  return FILE_MODE.test(text) ? ok(text) : failed(FILE_MODE_EXPECTED);
}

function parseRole(text: string): Result<RoleArn, string> {
  const role = parseRoleArn(text);
  return role === undefined
    ? failed('use the ARN of an IAM role, such as arn:aws:iam::111122223333:role/shop-secrets')
    : ok(role);
}

// STS API, AssumeRole, `ExternalId`.
function parseExternalId(text: string): Result<string, string> {
  return /^[\w+=,.@:/-]{2,1224}$/.test(text)
    ? ok(text)
    : failed('use 2 to 1224 letters, digits and characters of _+=,.@:/-');
}

function readMountPath(text: string | undefined, findings: Findings): string {
  if (text === undefined) return DEFAULT_MOUNT_PATH;
  const problem = mountPathProblem(text, annotationKey('mount-path'));
  findings.add(problem);
  return problem === undefined ? text : DEFAULT_MOUNT_PATH;
}
