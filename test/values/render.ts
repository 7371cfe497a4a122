/** Renders a view with the engines of the fetcher, and reduces the result to the parts that tests compare. */
import { selectByJmesPath } from '../../src/core/jmespath/index.ts';
import type { PlanView } from '../../src/core/plan/plan.ts';
import type { FetchCode } from '../../src/core/problems/fetch-codes.ts';
import { renderViews } from '../../src/core/render/render.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { renderTemplate } from '../../src/core/template/index.ts';
import { arnOf, planOf } from '../fetcher/plans.ts';

export type Rendered =
  | { readonly codes: readonly FetchCode[] }
  | {
      /** Contents by path; an array for bytes that are not valid UTF-8. */
      readonly files: Readonly<Record<string, string | Uint8Array>>;
      readonly directories: readonly string[];
    };

/** Renders one view over one secret. @param secret undefined if the secret is absent */
export function renderOne(view: Partial<PlanView>, secret: string | Uint8Array | undefined): Rendered {
  const value = secret === undefined ? undefined : new SecretValue(secret);
  const views = renderViews(planOf([arnOf('shop/db')], view), [value], { selectByJmesPath, renderTemplate });
  if (!views.ok) return { codes: [...new Set(views.problem.map((problem) => problem.code))] };
  const [rendered] = views.value;
  const files = (rendered?.files ?? []).map(
    ({ path, content }) => [path, content.revealText() ?? content.revealBytes() ?? new Uint8Array()] as const,
  );
  return { files: Object.fromEntries(files), directories: rendered?.directories ?? [] };
}
