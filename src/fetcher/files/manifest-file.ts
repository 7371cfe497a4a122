/** Adds the manifest file to the files of a view. */
import fs from 'node:fs';
import path from 'node:path';
import { MANIFEST_FILE } from '../../core/names/volume-layout.ts';
import type { Plan } from '../../core/plan/plan.ts';
import { manifestText, type SecretSource } from '../../core/render/manifest.ts';
import type { RenderedView } from '../../core/render/render.ts';
import { SecretValue } from '../../core/secret/secret-value.ts';
import { CURRENT, type ViewToWrite } from './writer.ts';
import { containsView } from './written-view.ts';

/** ISO 8601 in UTC, as `Date.prototype.toISOString` writes it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * A view with its manifest file, if it has one. If everything but the time is in the volume already, the time stays the
 * earlier one, so that the same content is not written again.
 * @param sources of the plan's secrets, in their order
 * @param now when the files are written
 */
export function withManifest(
  { folder, view }: ViewToWrite,
  plan: Plan,
  sources: readonly (SecretSource | undefined)[],
  now: Date,
): ViewToWrite {
  const { manifest } = view;
  if (manifest === undefined) return { folder, view };
  const at = (time: string): RenderedView => {
    const content = new SecretValue(manifestText(manifest, plan, sources, time));
    return { ...view, files: [...view.files, { path: MANIFEST_FILE, content, mode: manifest.mode }] };
  };
  const current = `${folder}/${CURRENT}`;
  const earlier = timeIn(path.join(current, MANIFEST_FILE));
  const unchanged = earlier === undefined ? undefined : at(earlier);
  if (unchanged !== undefined && containsView(current, unchanged)) return { folder, view: unchanged };
  return { folder, view: at(now.toISOString()) };
}

/** The time in a manifest file; undefined without a file. */
function timeIn(file: string): string | undefined {
  try {
    const { time } = JSON.parse(fs.readFileSync(file, 'utf8')) as { readonly time?: unknown };
    return typeof time === 'string' && TIME.test(time) ? time : undefined;
  } catch {
    return undefined;
  }
}
