/** File names and mount paths: which ones are allowed. Only the text is checked, not a file system. */

import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { utf8Length } from '../utf8.ts';
import { ENV_FILE, PROBE_FILE } from './volume-layout.ts';

const FILE_NAME = /^[A-Za-z0-9_.-]{1,200}$/;
const MOST_DEPTH = 8;

/** Why a file or directory name at the top of a view is not allowed, or undefined. */
export function fileNameFault(name: string): string | undefined {
  if (name === ENV_FILE) return 'is reserved for the env file';
  if (name === PROBE_FILE) return 'is reserved for the kubelet check';
  return elementFault(name);
}

/** The same for a path with directories, such as `tls/key.pem`. */
export function filePathFault(path: string): string | undefined {
  const elements = path.split('/');
  if (elements.length > MOST_DEPTH) return `has more than ${MOST_DEPTH} path elements`;
  const [top = '', ...below] = elements;
  return fileNameFault(top) ?? below.map(elementFault).find((fault) => fault !== undefined);
}

function elementFault(name: string): string | undefined {
  if (name === '.') return 'is not allowed';
  if (name.startsWith('..')) return 'starts with ".."';
  if (!FILE_NAME.test(name)) return 'must consist of 1 to 200 letters, digits, "-", "_" and "."';
  return undefined;
}

/** The parent directories of a path, from the top. */
export function parentsOf(path: string): readonly string[] {
  const elements = path.split('/');
  return elements.slice(1).map((_element, index) => elements.slice(0, index + 1).join('/'));
}

/** Why a key of a JSON secret is not a valid file name, or undefined. Allows more than an annotation key does. */
export function keyFileFault(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key === '.') return 'refers to the directory itself';
  if (key.startsWith('..')) return 'starts with ".."';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about control characters
  if (/[/\u0000-\u001f\u007f]/.test(key)) return 'contains "/" or a control character';
  if (!key.isWellFormed()) return 'contains half of a surrogate pair';
  if (utf8Length(key) > 255) return 'is longer than 255 bytes';
  return undefined;
}

/**
 * A mount path for comparison: absolute and cleaned, as kubelet and the container runtime use it, and with `/run` for its
 * link `/var/run`.
 */
export function comparablePath(path: string): string {
  const usable = path.length > LONGEST_PATH ? path.slice(0, LONGEST_PATH) : path;
  const cleaned = isClean(usable) ? usable : cleanPath(usable);
  return cleaned.startsWith('/var/run') && (cleaned.length === 8 || cleaned[8] === '/')
    ? cleaned.slice('/var'.length)
    : cleaned;
}

/** PATH_MAX of Linux: no mount is possible at a longer path. */
const LONGEST_PATH = 4096;

/** Most paths are clean, which is cheaper to see than to clean them. */
function isClean(path: string): boolean {
  return path === '/' || (path.startsWith('/') && !path.endsWith('/') && !/\/(?:\/|\.)/.test(path));
}

/** Like Go's path.Clean on an absolute path. kubelet makes a relative path absolute. */
function cleanPath(path: string): string {
  const elements: string[] = [];
  for (const element of path.split('/')) {
    if (element === '..') elements.pop();
    else if (element !== '' && element !== '.') elements.push(element);
  }
  return `/${elements.join('/')}`;
}

/** Whether a path equals another path or is its parent. */
export function covers(above: string, path: string): boolean {
  const a = comparablePath(above);
  const b = comparablePath(path);
  return a === b || a === '/' || b.startsWith(`${a}/`);
}

// A mount hides everything below it. These directories contain programs, libraries or mounts of the platform.
const HIDDEN_BY_A_MOUNT = [
  '/',
  '/home',
  '/media',
  '/mnt',
  '/opt',
  '/root',
  '/run',
  '/run/lock',
  '/run/secrets',
  '/srv',
  '/tmp',
  '/usr',
  '/usr/local',
  '/usr/local/bin',
  '/usr/local/lib',
  '/usr/share',
  '/var',
  '/var/cache',
  '/var/lib',
  '/var/lock',
  '/var/log',
  '/var/spool',
  '/var/tmp',
];
const NOTHING_BELOW = [
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/proc',
  '/run/secrets/eks.amazonaws.com',
  '/run/secrets/kubernetes.io',
  '/run/secrets/pods.eks.amazonaws.com',
  '/sbin',
  '/sys',
  '/usr/bin',
  '/usr/lib',
  '/usr/lib64',
  '/usr/sbin',
];

/** The problem of a mount path: its form, or what it would hide. */
export function mountPathProblem(path: string, subject: string): Problem | undefined {
  const invalid = (wrong: string): Problem => ({
    code: 'MOUNT_PATH_INVALID',
    subject,
    wrong: `${quote(path)} ${wrong}`,
    expected: 'use an absolute path such as /run/secrets/aws',
  });
  if (!path.startsWith('/')) return invalid('is not absolute');
  if (path.length > 256) return invalid('is longer than 256 characters');
  if (!/^[A-Za-z0-9_./@+-]+$/.test(path))
    return invalid('contains characters other than letters, digits and _./@+-');
  if (
    path.length > 1 &&
    path
      .split('/')
      .slice(1)
      .some((part) => part === '' || part === '.' || part === '..')
  ) {
    return invalid('contains an empty, "." or ".." element');
  }
  const compared = comparablePath(path);
  const hides =
    HIDDEN_BY_A_MOUNT.includes(compared) || NOTHING_BELOW.some((reserved) => covers(reserved, compared));
  if (!hides) return undefined;
  return {
    code: 'MOUNT_PATH_RESERVED',
    subject,
    wrong: `a mount at ${quote(path)} would hide files of the image or the platform`,
    expected: 'use a dedicated directory such as /run/secrets/aws',
  };
}
