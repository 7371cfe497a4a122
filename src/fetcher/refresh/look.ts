/**
 * One look for new versions. A set of files comes from one consistent look: versions are read by their IDs, and the labels
 * are compared again after the values were read, so that at one moment in between all of these versions were the wanted ones.
 */

import type { Session } from '../../aws/calls/session.ts';
import type { Plan } from '../../core/plan/plan.ts';
import type { ReadPlan } from '../../core/plan/read-plan.ts';
import type { RefreshCheck } from '../../core/plan/refresh.ts';
import type { DeliveredVersion } from '../../core/plan/versions.ts';
import type { FetchCode } from '../../core/problems/fetch-codes.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { renderViews } from '../../core/render/render.ts';
import type { Engines } from '../../core/render/values.ts';
import type { Retries } from '../each-secret.ts';
import { type Fetched, fetchSecrets } from '../fetch-secrets.ts';
import { DueActions } from '../files/due-actions.ts';
import { removeReplaced } from '../files/writer.ts';
import { deliveredVersions, writeRendered } from '../write-rendered.ts';
import { LOOK_TRIES } from './look-limits.ts';
import type { LookProblem, LookReport, Versions } from './messages.ts';
import type { LookEnd } from './schedule.ts';
import { classifyLook, describeVersions } from './target-versions.ts';

/** How often the versions may change while they are read. */
const MOST_ROUNDS = 3;

export interface LookParts {
  readonly session: Session;
  readonly retries: Omit<Retries, 'classify' | 'mostTries'>;
  readonly engines: Engines;
  readonly viewsDirectory: string;
  readonly check: RefreshCheck;
  /** The versions that are in the files. */
  readonly delivered: Versions;
}

/** What was read in one consistent look; `undefined` if all versions are those that were delivered before. */
type Read = { readonly fetched: Fetched; readonly versions: Versions } | undefined;
type Outcome<T> = Result<T, readonly LookProblem[]>;

/** Looks once. Files are either all replaced, or all left alone. */
export async function look(read: ReadPlan, parts: LookParts): Promise<LookReport> {
  const { delivered } = parts;
  const retries = { ...parts.retries, classify: classifyLook, mostTries: LOOK_TRIES };
  const found =
    parts.check === 'value'
      ? await readByLabel(read, parts.session, retries, delivered)
      : await readByVersion(read, parts.session, retries, delivered);
  if (!found.ok) return failure(found.problem, delivered);
  const { plan } = read;
  if (found.value === undefined) {
    removeReplaced(plan.views.map(({ volume }) => `${parts.viewsDirectory}/${volume}`));
    return { outcome: 'same', end: 'done', problems: [], versions: delivered, warnings: [] };
  }
  const { fetched, versions } = found.value;
  const rendered = renderViews(plan, fetched.values, parts.engines);
  if (!rendered.ok) return failure(rendered.problem, delivered);
  const due = new DueActions(plan, parts.viewsDirectory);
  const written = writeRendered(plan, rendered.value, fetched, parts.viewsDirectory, {
    beforeSwap: (volumes) => due.add(volumes),
    keepsReplaced: true,
  });
  if (!written.ok) return failure(written.problem, delivered);
  const { warnings } = written.value;
  return { outcome: written.value.written ? 'wrote' : 'kept', end: 'done', problems: [], versions, warnings };
}

/** DescribeSecret for all, then GetSecretValue with version IDs. */
async function readByVersion(
  read: ReadPlan,
  session: Session,
  retries: Retries,
  delivered: Versions,
): Promise<Outcome<Read>> {
  let targets = await describeVersions(read, session, retries, delivered);
  if (targets.problems.length > 0) return failed(targets.problems);
  if (isEqual(targets.versions, delivered)) return ok(undefined);
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    const { versions } = targets;
    const missing = new Set([...versions.keys()].filter((index) => versions[index] === 'absent'));
    const fetched = await fetchSecrets(withVersions(read, versions), session, retries, missing);
    const { problems } = fetched;
    if (problems.some(({ code }) => !VANISHED.has(code))) return failed(problems);
    const isComplete = isEqual(deliveredVersions(fetched), versions);
    // All labels of one secret came from one answer, so nothing can have changed in between.
    if (isComplete && labelledSecrets(read.plan) === 1) return ok({ fetched, versions });
    targets = await describeVersions(read, session, retries, delivered);
    if (targets.problems.length > 0) return failed(targets.problems);
    if (!isEqual(targets.versions, versions)) continue;
    if (isComplete) return ok({ fetched, versions });
    return failed(problems.length > 0 ? problems : [moved()]);
  }
  return failed([moved()]);
}

/** Codes of a version that may have lost its label since it was described, after which AWS deletes it. */
const VANISHED: ReadonlySet<FetchCode> = new Set(['SECRET_NOT_FOUND', 'SECRET_DELETED']);

/** GetSecretValue for all, with labels, for roles that may not call DescribeSecret. */
async function readByLabel(
  read: ReadPlan,
  session: Session,
  retries: Retries,
  delivered: Versions,
): Promise<Outcome<Read>> {
  let fetched = await fetchSecrets(read, session, retries);
  if (fetched.problems.length > 0) return failed(fetched.problems);
  let versions = orNull(deliveredVersions(fetched));
  if (isEqual(versions, delivered) && !versions.includes(null)) return ok(undefined);
  const isSingle = read.plan.secrets.filter(({ versionId }) => versionId === undefined).length <= 1;
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    if (isSingle) return ok({ fetched, versions });
    const again = await fetchSecrets(read, session, retries);
    if (again.problems.length > 0) return failed(again.problems);
    if (isEqual(deliveredVersions(again), versions)) return ok({ fetched, versions });
    fetched = again;
    versions = orNull(deliveredVersions(again));
  }
  return failed([moved()]);
}

/** The plan with the version that was described in place of each label. */
function withVersions({ plan, arns }: ReadPlan, versions: Versions): ReadPlan {
  const secrets = plan.secrets.map((secret, index) => {
    const version = versions[index];
    if (typeof version !== 'object' || version === null) return secret;
    const { stage: _, ...rest } = secret;
    return { ...rest, versionId: version.id };
  });
  return { plan: { ...plan, secrets }, arns };
}

function labelledSecrets({ secrets }: Plan): number {
  return new Set(secrets.filter(({ versionId }) => versionId === undefined).map(({ arn }) => arn)).size;
}

type Known = DeliveredVersion | null | undefined;

function isEqual(some: readonly Known[], others: readonly Known[]): boolean {
  return some.length === others.length && some.every((one, index) => textOf(one) === textOf(others[index]));
}

function textOf(version: Known): string {
  return typeof version === 'object' && version !== null ? version.id : (version ?? '');
}

function orNull(versions: readonly Known[]): Versions {
  return versions.map((version) => version ?? null);
}

function moved(): LookProblem {
  return {
    code: 'REFRESH_VERSIONS_MOVED',
    subject: 'refresh',
    wrong: `the versions changed ${MOST_ROUNDS} times while they were read`,
    expected: 'no action is needed if it ends; otherwise check what rotates the secrets so often',
  };
}

function failure(problems: readonly LookProblem[], versions: Versions): LookReport {
  return { outcome: 'failed', end: endOf(problems), problems, versions, warnings: [] };
}

/** When to look again after problems. */
export function endOf(problems: readonly LookProblem[]): LookEnd {
  const codes = new Set(problems.map(({ code }) => code));
  if (codes.has('AWS_THROTTLED')) return 'throttled';
  return codes.has('AWS_UNAVAILABLE') || codes.has('REFRESH_VERSIONS_MOVED') ? 'transient' : 'final';
}
