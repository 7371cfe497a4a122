/**
 * Writes views in the same way as kubelet's AtomicWriter: readers see the old files or the new files, never a mixture, even
 * if the process is killed.
 *
 * 1. Create a hidden directory with a new name in the volume and write every file there; fsync. Create the link that will
 *    become `..data`, and the visible links, under hidden names.
 * 2. Do this for every view. The following steps need no space, so a full volume cannot stop them.
 * 3. Point `..data` to the new directory with one rename.
 * 4. Rename the visible links into place, `env -> ..data/env`, and remove links without a target.
 * 5. Remove the previous directory, unless the caller leaves it to programs that read it.
 *
 * If the content is the same, nothing is written.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { DUE_ACTIONS_FILE, REFRESH_STATUS_FILE } from '../../core/names/volume-layout.ts';
import type { RenderedView } from '../../core/render/render.ts';
import { containsView } from './written-view.ts';

/** The link to the directory with the current files. */
export const CURRENT = '..data';
const NEW_DATA = `${CURRENT}_tmp`;
/** Names with two dots that are not leftovers. */
const KEPT: ReadonlySet<string> = new Set([CURRENT, REFRESH_STATUS_FILE, DUE_ACTIONS_FILE]);
const DIRECTORY_MODE = 0o755;

/** A view and the mount path of its volume. */
export interface ViewToWrite {
  readonly folder: string;
  readonly view: RenderedView;
}

export interface WriteOptions {
  /**
   * Called once, when everything that needs space is written and before anything becomes visible. If it throws, nothing is
   * changed. @param volumes of the views that get new files
   */
  readonly beforeSwap?: (volumes: readonly string[]) => void;
  /** Leaves the previous directories to programs that have resolved `..data`, until `removeReplaced` or the next write. */
  readonly keepsReplaced?: true;
}

/**
 * Writes all views, or none.
 * @returns whether anything was written
 * @throws the error of the system, with nothing changed; after the first swap, only renames and removals can fail
 */
export function writeViews(views: readonly ViewToWrite[], options: WriteOptions = {}): boolean {
  // The modes of files do not depend on the umask of the image.
  process.umask(0o022);
  const pending: PendingView[] = [];
  try {
    for (const { folder, view } of views) {
      removeLeftovers(folder);
      const inUse = dataInUse(folder);
      const isWritten = inUse !== undefined && containsView(`${folder}/${inUse}`, view);
      const one = {
        folder,
        view,
        made: isWritten ? undefined : hiddenName(),
        links: new Map<string, string>(),
      };
      pending.push(one);
      prepare(one);
    }
    const swapped = pending.filter(({ made }) => made !== undefined);
    if (swapped.length > 0) options.beforeSwap?.(swapped.map(({ view }) => view.volume));
  } catch (error) {
    for (const one of pending) discard(one);
    throw error;
  }
  const changed = pending.filter((one) => one.made !== undefined || one.links.size > 0);
  for (const { folder, made } of changed) if (made !== undefined) swap(folder);
  for (const one of pending) linkNames(one);
  if (options.keepsReplaced !== true) removeReplaced(changed.map(({ folder }) => folder));
  return changed.length > 0;
}

/** Removes what `keepsReplaced` has left. @param folders mount paths of the volumes */
export function removeReplaced(folders: readonly string[]): void {
  for (const folder of folders) removeLeftovers(folder);
}

interface PendingView {
  readonly folder: string;
  readonly view: RenderedView;
  /** The new directory; undefined if the current one has the same content. */
  readonly made: string | undefined;
  /** Hidden links by their final name. */
  readonly links: Map<string, string>;
}

function prepare({ folder, view, made, links }: PendingView): void {
  refuseDirectory(`${folder}/${CURRENT}`);
  if (made !== undefined) {
    writeDirectory(`${folder}/${made}`, view);
    fs.symlinkSync(made, `${folder}/${NEW_DATA}`);
  }
  for (const name of topNames(view)) {
    const target = `${CURRENT}/${name}`;
    if (readLink(`${folder}/${name}`) === target) continue;
    refuseDirectory(`${folder}/${name}`);
    const hidden = hiddenName();
    fs.symlinkSync(target, `${folder}/${hidden}`);
    links.set(name, hidden);
  }
}

/** A rename cannot replace a directory, so this is checked before the swap. */
function refuseDirectory(file: string): void {
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw Object.assign(new Error('a directory has the name of a link'), { code: 'EISDIR' });
}

/** Best effort: the next run removes what remains. */
function discard({ folder }: PendingView): void {
  try {
    removeLeftovers(folder);
  } catch {
    // The original error is reported.
  }
}

function hiddenName(): string {
  return `..${Date.now().toString(36)}.${randomBytes(6).toString('hex')}`;
}

function writeDirectory(directory: string, view: RenderedView): void {
  // No chmod of a directory: it would remove the set-group-ID bit that fsGroup sets on the volume.
  fs.mkdirSync(directory, { mode: DIRECTORY_MODE });
  for (const name of view.directories)
    fs.mkdirSync(`${directory}/${name}`, { recursive: true, mode: DIRECTORY_MODE });
  for (const file of view.files) {
    const bytes = file.content.revealBytes();
    if (bytes === undefined) throw new TypeError('a rendered file has bytes');
    writeFile(`${directory}/${file.path}`, bytes, file.mode);
  }
  syncDirectory(directory);
}

function writeFile(file: string, bytes: Uint8Array, mode: number): void {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = fs.constants;
  const descriptor = fs.openSync(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    fs.writeFileSync(descriptor, bytes);
    fs.fchmodSync(descriptor, mode);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function swap(folder: string): void {
  fs.renameSync(`${folder}/${NEW_DATA}`, `${folder}/${CURRENT}`);
  syncDirectory(folder);
}

function topNames(view: RenderedView): ReadonlySet<string> {
  const paths = [...view.files.map((file) => file.path), ...view.directories];
  return new Set(paths.map((name) => name.split('/', 1)[0] ?? ''));
}

function linkNames({ folder, view, links }: PendingView): void {
  // A rename replaces an existing name atomically.
  for (const [name, hidden] of links) fs.renameSync(`${folder}/${hidden}`, `${folder}/${name}`);
  const names = topNames(view);
  for (const name of fs.readdirSync(folder)) {
    const isOurs = readLink(`${folder}/${name}`) === `${CURRENT}/${name}`;
    if (isOurs && !names.has(name)) fs.unlinkSync(`${folder}/${name}`);
  }
}

/** Removes hidden directories and links of killed runs, except the current directory. */
function removeLeftovers(folder: string): void {
  const inUse = dataInUse(folder);
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith('..') || KEPT.has(name) || name === inUse) continue;
    fs.rmSync(`${folder}/${name}`, { recursive: true, force: true });
  }
}

/** The directory that `..data` refers to, if it is a directory in the volume. */
function dataInUse(folder: string): string | undefined {
  const target = readLink(`${folder}/${CURRENT}`);
  return target?.startsWith('..') && !target.includes('/') && target !== '..' ? target : undefined;
}

function readLink(file: string): string | undefined {
  try {
    return fs.readlinkSync(file);
  } catch {
    return undefined;
  }
}

function syncDirectory(directory: string): void {
  const descriptor = fs.openSync(directory, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
