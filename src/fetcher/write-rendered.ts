/** Writes rendered views, with their manifest files, and says what the user should know about their content. */
import type { Plan } from '../core/plan/plan.ts';
import type { DeliveredVersion } from '../core/plan/versions.ts';
import type { FetchProblem } from '../core/problems/problems.ts';
import { failed, ok, type Result } from '../core/problems/result.ts';
import type { RenderedView } from '../core/render/render.ts';
import type { Fetched } from './fetch-secrets.ts';
import { certificateWarnings } from './files/certificate-expiry.ts';
import { withManifest } from './files/manifest-file.ts';
import { type ViewToWrite, type WriteOptions, writeViews } from './files/writer.ts';
import { writeProblem } from './process/report.ts';

export interface Written {
  /** Whether files were written; otherwise they were current already. */
  readonly written: boolean;
  readonly files: number;
  readonly warnings: readonly string[];
}

/** Writes all views, or none. */
export function writeRendered(
  plan: Plan,
  rendered: readonly RenderedView[],
  fetched: Fetched,
  viewsDirectory: string,
  options: WriteOptions = {},
): Result<Written, readonly FetchProblem[]> {
  const views: ViewToWrite[] = rendered.map((view) => ({ folder: `${viewsDirectory}/${view.volume}`, view }));
  try {
    const whole = views.map((view) => withManifest(view, plan, fetched.sources, new Date()));
    return ok({
      written: writeViews(whole, options),
      files: whole.reduce((sum, { view }) => sum + view.files.length, 0),
      warnings: [...fetched.warnings, ...rendered.flatMap(warningsOf)],
    });
  } catch (error) {
    return failed([writeProblem(error, views.map((view) => view.folder).join(', '))]);
  }
}

/** The version of each secret that was fetched without a problem. */
export function deliveredVersions({ sources }: Fetched): readonly (DeliveredVersion | undefined)[] {
  return sources.map((source) => {
    if (source === undefined) return 'absent';
    return source.versionId === undefined ? undefined : { id: source.versionId };
  });
}

/** Certificates of a view that expire soon. */
function warningsOf({ files }: RenderedView): readonly string[] {
  return files.flatMap(({ content, certificatesOf: asked }) =>
    asked === undefined
      ? []
      : certificateWarnings(content.revealText() ?? '', asked.subject, asked.arn, Date.now()),
  );
}
