/**
 * Writes views the way kubelet's AtomicWriter does: readers see the old files or the new ones, never a mixture,
 * whatever ends the process in between.
 *
 * 1. Make a hidden directory of a new name in the volume and write every file there; fsync.
 * 2. Do so for every view. Only when all are complete:
 * 3. Point `..data` at the new directory with one rename.
 * 4. Make the links that users see, `env -> ..data/env`; remove those that nothing stands behind.
 * 5. Remove what was there before.
 *
 * Identical content writes nothing.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { RenderedView } from '../core/render.ts';
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
 * @throws the system's error, with nothing changed; after the first swap only removals and links can fail
 */
export function writeViews(views: readonly ViewToWrite[]): boolean {
  // Modes are what they are said to be, whatever the image set.
  process.umask(0o022);
  const pending: { readonly folder: string; readonly view: RenderedView; readonly made: string }[] = [];
  try {
    for (const { folder, view } of views) {
      removeLeftovers(folder);
      if (holdsAlready(path.join(folder, DATA), view)) continue;
      const made = `..${Date.now().toString(36)}.${randomBytes(6).toString('hex')}`;
      pending.push({ folder, view, made });
      writeDirectory(path.join(folder, made), view);
    }
  } catch (error) {
    for (const { folder, made } of pending)
      fs.rmSync(path.join(folder, made), { recursive: true, force: true });
    throw error;
  }
  for (const { folder, made } of pending) swap(folder, made);
  for (const { folder, view } of views) linkNames(folder, topNames(view));
  for (const { folder } of pending) removeLeftovers(folder);
  return pending.length > 0;
}

function writeDirectory(directory: string, view: RenderedView): void {
  // Never chmod a directory: it would drop the set-group-id bit that the pod's fsGroup put on the volume.
  fs.mkdirSync(directory, { mode: DIRECTORY_MODE });
  for (const name of view.directories)
    fs.mkdirSync(path.join(directory, name), { recursive: true, mode: DIRECTORY_MODE });
  for (const file of view.files) {
    const bytes = file.content.revealBytes();
    if (bytes === undefined) throw new TypeError('a rendered file has bytes');
    writeFile(path.join(directory, file.path), bytes, view.mode);
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

function swap(folder: string, made: string): void {
  const link = path.join(folder, NEW_DATA);
  fs.symlinkSync(made, link);
  fs.renameSync(link, path.join(folder, DATA));
  syncDirectory(folder);
}

function topNames(view: RenderedView): ReadonlySet<string> {
  return new Set([...view.files.map((file) => file.path.split('/', 1)[0] ?? ''), ...view.directories]);
}

function linkNames(folder: string, names: ReadonlySet<string>): void {
  for (const name of names) {
    const target = `${DATA}/${name}`;
    if (readLink(path.join(folder, name)) === target) continue;
    // Through a rename, so that a name which stood for something else is never missing.
    const temporary = path.join(folder, `..link.${randomBytes(6).toString('hex')}`);
    fs.symlinkSync(target, temporary);
    fs.renameSync(temporary, path.join(folder, name));
  }
  for (const name of fs.readdirSync(folder)) {
    const isOurs = readLink(path.join(folder, name)) === `${DATA}/${name}`;
    if (isOurs && !names.has(name)) fs.unlinkSync(path.join(folder, name));
  }
}

/** Removes hidden directories and links that a killed run left, all but the one in use. */
function removeLeftovers(folder: string): void {
  const inUse = readLink(path.join(folder, DATA));
  for (const name of fs.readdirSync(folder)) {
    if (!name.startsWith('..') || name === DATA || name === inUse) continue;
    fs.rmSync(path.join(folder, name), { recursive: true, force: true });
  }
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
