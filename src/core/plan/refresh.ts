/** The refresh of a running pod, as the plan says it: how often to look, how, and what to do after a change. */
import { MAX_CHANGE_ACTIONS, MAX_VIEWS } from '../limits.ts';
import { fileNameFault } from '../names/paths.ts';
import { MANIFEST_FILE } from '../names/volume-layout.ts';

/** How the fetcher finds out that a secret has a new version. */
export const REFRESH_CHECKS = ['describe', 'value'] as const;
/**
 * `describe`: DescribeSecret, and GetSecretValue only after a change. `value`: GetSecretValue each time, for roles that may
 * not call DescribeSecret.
 */
export type RefreshCheck = (typeof REFRESH_CHECKS)[number];

export const LEAST_REFRESH_SECONDS = 30;
export const MOST_REFRESH_SECONDS = 24 * 3600;

/** Signals by which programs reload or end. Others would do neither: KILL and STOP, for example, cannot be handled. */
export const SIGNALS = ['HUP', 'USR1', 'USR2', 'TERM', 'INT', 'QUIT', 'WINCH'] as const;
export type Signal = (typeof SIGNALS)[number];

/** Sends a signal to the main process of a container that receives secrets. */
export interface SignalAction {
  readonly signal: Signal;
  readonly container: string;
}

/** Sends a request to a server in the pod. */
export interface CallAction {
  /** As written in the annotation; `loopbackUrlFault` finds no fault. */
  readonly url: string;
}

/** Writes a file beside the files of a view. */
export interface TouchAction {
  /** A name without directories. */
  readonly touch: string;
  /** The index of the view in the plan. */
  readonly view: number;
}

/** What the fetcher does after it has replaced files. */
export type ChangeAction = SignalAction | CallAction | TouchAction;

export interface PlanRefresh {
  /** Between two looks, before jitter. */
  readonly seconds: number;
  readonly check: RefreshCheck;
  /** Whether the pod is not ready while its files may be out of date. */
  readonly required?: true;
  /** Absent instead of empty. */
  readonly onChange?: readonly ChangeAction[];
}

/** One action of an annotation may touch a file in each view. */
export const MOST_PLANNED_ACTIONS = MAX_CHANGE_ACTIONS * MAX_VIEWS;

export function isSignal(text: string): text is Signal {
  return (SIGNALS as readonly string[]).includes(text);
}

const LONGEST_URL = 512;
// RFC 3986 without the comma, which separates actions, and other characters that are rare in URLs and have a meaning in
// shells or in variables.
const LOOPBACK_URL =
  /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(?:\/(?:[\w.~!&+;=:@/-]|%[\dA-Fa-f]{2})*)?(?:\?(?:[\w.~!&+;=:@/?-]|%[\dA-Fa-f]{2})*)?$/;

/**
 * Why a URL cannot be called after a change, or undefined. Only servers in the pod are called, and nothing secret is sent, so
 * plain http is enough; other hosts would let whoever creates a pod send requests in its name.
 */
export function loopbackUrlFault(url: string): string | undefined {
  if (url.length > LONGEST_URL) return `is longer than ${LONGEST_URL} characters`;
  const match = LOOPBACK_URL.exec(url);
  if (match === null) return otherFault(url);
  const port = match[1] === undefined ? 80 : Number(match[1]);
  return port >= 1 && port <= 65_535 ? undefined : 'has a port outside of 1 to 65535';
}

/** The part of a URL that does not match, for a message. */
function otherFault(url: string): string {
  const [, scheme = '', authority = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(url) ?? [];
  if (scheme.toLowerCase() !== 'http') return 'is not an http URL';
  if (authority.includes('@')) return 'contains a user name or password';
  const host = authority.replace(/:\d*$/, '');
  if (!['localhost', '127.0.0.1', '[::1]'].includes(host)) return 'names another host than the pod itself';
  if (url.includes('#')) return 'has a fragment';
  return 'is not a valid URL';
}

/** What a view contains already, as far as the names at its top matter. */
interface Taken {
  readonly files: readonly { readonly path: string }[];
  readonly filesFrom: readonly { readonly directory: string }[];
  readonly manifest?: true;
}

/** Why a file cannot be written beside the files of a view after a change, or undefined. */
export function touchFault(name: string, { files, filesFrom, manifest }: Taken): string | undefined {
  const fault = fileNameFault(name);
  if (fault !== undefined) return fault;
  if (name === MANIFEST_FILE && manifest === true) return 'is the manifest file';
  const tops = [...files.map(({ path }) => path), ...filesFrom.map(({ directory }) => directory)];
  const isTaken = tops.some((path) => path === name || path.startsWith(`${name}/`));
  return isTaken ? 'is a file or directory with secrets' : undefined;
}
