/**
 * Writes views the way kubelet's AtomicWriter does: readers see the old files or the new ones, never a mixture,
 * whatever ends the process in between.
 *
 * 1. Make a hidden directory of a new name in the volume and write every file there; fsync. Beside it make the link
 *    that will become `..data`, and those that users will see, under hidden names.
 * 2. Do so for every view. From here on nothing needs space any more, so a full volume can no longer stop it:
 * 3. Point `..data` at the new directory with one rename.
 * 4. Rename the links that users see into place, `env -> ..data/env`; remove those that nothing stands behind.
 * 5. Remove what was there before.
 *
 * Identical content writes nothing.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { RenderedView } from '../../core/render/render.ts';
import { holdsAlready } from './written-view.ts';

const DATA = '..data';
const NEW_DATA = '..data_tmp';
const DIRECTORY_MODE = 0o755;

/** What to write, and where its volume is mounted. */
export interface ViewToWrite {
  readonly folder: string;
  readonly view: RenderedView;
}

/**
 * Writes all views, or none.
 * @returns whether anything was written
 * @throws the system's error, with nothing changed; after the first swap only renames and removals are left to fail
 */
export function writeViews(views: readonly ViewToWrite[]): boolean {
  // Modes are what they are said to be, whatever the image set.
  process.umask(0o022);
  const pending: PendingView[] = [];
  try {
    for (const { folder, view } of views) {
      removeLeftovers(folder);
      const inUse = dataInUse(folder);
      const isWritten = inUse !== undefined && holdsAlready(path.join(folder, inUse), view);
      const one = {
        folder,
        view,
        made: isWritten ? undefined : hiddenName(),
        links: new Map<string, string>(),
      };
      pending.push(one);
      prepare(one);
    }
  } catch (error) {
    for (const one of pending) discard(one);
    throw error;
  }
  const changed = pending.filter((one) => one.made !== undefined || one.links.size > 0);
  for (const { folder, made } of changed) if (made !== undefined) swap(folder);
  for (const one of pending) linkNames(one);
  for (const { folder } of changed) removeLeftovers(folder);
  return changed.length > 0;
}

interface PendingView {
  readonly folder: string;
  readonly view: RenderedView;
  /** The new directory; undefined if the one in use holds the same. */
  readonly made: string | undefined;
  /** Hidden links by the name that each will get. */
  readonly links: Map<string, string>;
}

function prepare({ folder, view, made, links }: PendingView): void {
  refuseDirectory(path.join(folder, DATA));
  if (made !== undefined) {
    writeDirectory(path.join(folder, made), view);
    fs.symlinkSync(made, path.join(folder, NEW_DATA));
  }
  for (const name of topNames(view)) {
    const target = `${DATA}/${name}`;
    if (readLink(path.join(folder, name)) === target) continue;
    refuseDirectory(path.join(folder, name));
    const hidden = hiddenName();
    fs.symlinkSync(target, path.join(folder, hidden));
    links.set(name, hidden);
  }
}

/** A rename cannot replace a directory: better known now than after the swap. */
function refuseDirectory(file: string): void {
  if (fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory())
    throw Object.assign(new Error('a directory is in the way'), { code: 'EISDIR' });
}

/** Best effort: what cannot be removed now is a leftover that the next run removes. */
function discard({ folder }: PendingView): void {
  try {
    removeLeftovers(folder);
  } catch {
    // The error that led here is the one to tell.
  }
}

function hiddenName(): string {
  return `..${Date.now().toString(36)}.${randomBytes(6).toString('hex')}`;
}

function writeDirectory(directory: string, view: RenderedView): void {
  // Never chmod a directory: it would drop the set-group-id bit that the pod's fsGroup put on the volume.
  fs.mkdirSync(directory, { mode: DIRECTORY_MODE });
  for (const name of view.directories)
    fs.mkdirSync(path.join(directory, name), { recursive: true, mode: DIRECTORY_MODE });
  for (const file of view.files) {
    const bytes = file.content.revealBytes();
    if (bytes === undefined) throw new TypeError('a rendered file has bytes');
    writeFile(path.join(directory, file.path), bytes, file.mode);
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
  fs.renameSync(path.join(folder, NEW_DATA), path.join(folder, DATA));
  syncDirectory(folder);
}

function topNames(view: RenderedView): ReadonlySet<string> {
  const paths = [...view.files.map((file) => file.path), ...view.directories];
  return new Set(paths.map((name) => name.split('/', 1)[0] ?? ''));
}

function linkNames({ folder, view, links }: PendingView): void {
  // Through a rename, so that a name which stood for something else is never missing.
  for (const [name, hidden] of links) fs.renameSync(path.join(folder, hidden), path.join(folder, name));
  const names = topNames(view);
  for (const name of fs.readdirSync(folder)) {
    const isOurs = readLink(path.join(folder, name)) === `${DATA}/${name}`;
    if (isOurs && !names.has(name)) fs.unlinkSync(path.join(folder, name));
  }
}

/** Removes hidden directories and links that a killed run left, all but the one in use. */
function removeLeftovers(folder: string): void {
  const inUse = dataInUse(folder);
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith('..') || name === DATA || name === inUse) continue;
    fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
}

/** The directory that `..data` names: one in the volume itself, or none that counts. */
function dataInUse(folder: string): string | undefined {
  const target = readLink(path.join(folder, DATA));
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
