/** Reads a plan. Every member is checked, because anybody who can create a pod can write a plan. */
import { isDialect } from '../formats/index.ts';
import { asArray, asObject, field } from '../json.ts';
import { MAX_PLAN_BYTES } from '../limits.ts';
import { parseArn, type SecretArn } from '../names/arn.ts';
import { isEnvName } from '../names/env-names.ts';
import { failoverFaults, MAX_FAILOVER_REGIONS } from '../names/failover.ts';
import { filePathFault } from '../names/paths.ts';
import { isViewVolume } from '../names/volume-layout.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { PEM_PARTS } from '../secret/pem.ts';
import { isEscape } from '../template/escapes.ts';
import { exceedsUtf8 } from '../utf8.ts';
import { FILE_MODE } from './file-mode.ts';
import {
  PLAN_VARIABLE,
  PLAN_VERSION,
  type Plan,
  type PlanDirectory,
  type PlanFile,
  type PlanSecret,
  type PlanVariable,
  type PlanVariables,
  type PlanView,
  type Receivers,
  receiverNames,
  type Selection,
} from './plan.ts';
import {
  type CallAction,
  type ChangeAction,
  isSignal,
  LEAST_REFRESH_SECONDS,
  loopbackUrlFault,
  MOST_PLANNED_ACTIONS,
  MOST_REFRESH_SECONDS,
  type PlanRefresh,
  REFRESH_CHECKS,
  type SignalAction,
  type TouchAction,
  touchFault,
} from './refresh.ts';
import { isVersionId } from './versions.ts';

/** A plan with the ARN of each of its secrets parsed. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly arns: readonly SecretArn[];
}

/** Reads the text of a plan. @param text undefined when the variable is not set */
export function readPlan(text: string | undefined): Result<ReadPlan, FetchProblem> {
  if (text === undefined || text === '')
    return invalid('the variable is not set', 'do not set it yourself; the webhook sets it in the container');
  if (exceedsUtf8(text, MAX_PLAN_BYTES))
    return invalid(`the plan takes more than ${MAX_PLAN_BYTES / 1024} KiB`, REWRITTEN);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return invalid('the plan is not JSON', REWRITTEN);
  }
  const version = field(json, 'version');
  if (version !== PLAN_VERSION) {
    return invalid(
      `the plan has version ${typeof version === 'number' ? version : 'none'}, but this fetcher supports version ${PLAN_VERSION}`,
      'use the same release for the webhook and the image',
    );
  }
  if (!isPlan(json) || !hasPossibleActions(json))
    return invalid('the plan has unknown or invalid members', REWRITTEN);
  const arns: SecretArn[] = [];
  for (const secret of json.secrets) {
    const arn = parseArn(secret.arn, PLAN_VARIABLE);
    if (!arn.ok) return invalid(arn.problem.wrong, arn.problem.expected);
    // A Region becomes part of the host that gets the signed request.
    const [fault] = failoverFaults(secret.failover ?? [], arn.value);
    if (fault !== undefined) return invalid(`failover of ${secret.arn}: ${fault.wrong}`, REWRITTEN);
    arns.push(arn.value);
  }
  return ok({ plan: json, arns });
}

const REWRITTEN = 'another webhook or user changed it; create the pod again';

function invalid(wrong: string, expected: string): Result<never, FetchProblem> {
  return failed({ code: 'PLAN_INVALID', subject: PLAN_VARIABLE, wrong, expected });
}

type Check = (value: unknown) => boolean;

/** A check for each member of a type, so that a new member does not compile without one. */
type Shape<T> = { readonly [Name in keyof Required<T>]: Check };

function isPlan(json: unknown): json is Plan {
  const secrets = asArray(field(json, 'secrets'));
  return hasShape<Plan>(json, {
    version: (value) => value === PLAN_VERSION,
    timeoutSeconds: (value) => isInteger(value) && value >= 1 && value <= 3600,
    secrets: listOf<PlanSecret>({
      arn: isText,
      stage: optional(isText),
      versionId: optional(isText),
      pinned: optional((value) => isText(value) && isVersionId(value)),
      failover: optional(isRegionList),
    }),
    views: (value) =>
      asArray(value)?.length !== 0 && listOf<PlanView>(viewShape(secrets?.length ?? 0))(value),
    refresh: optional((value) => hasShape<PlanRefresh>(value, REFRESH)),
  });
}

const REFRESH: Shape<PlanRefresh> = {
  seconds: (value) => isInteger(value) && value >= LEAST_REFRESH_SECONDS && value <= MOST_REFRESH_SECONDS,
  check: oneOf(...REFRESH_CHECKS),
  required: optional(isTrue),
  onChange: optional((value) => {
    const actions = asArray(value) ?? [];
    return actions.length > 0 && actions.length <= MOST_PLANNED_ACTIONS && actions.every(isAction);
  }),
};

function isAction(value: unknown): value is ChangeAction {
  return (
    hasShape<SignalAction>(value, { signal: (text) => isText(text) && isSignal(text), container: isText }) ||
    hasShape<CallAction>(value, { url: (text) => isText(text) && loopbackUrlFault(text) === undefined }) ||
    hasShape<TouchAction>(value, { touch: isText, view: isInteger })
  );
}

/** Whether each action concerns a view of the plan or a container that receives one. */
function hasPossibleActions({ refresh, views }: Plan): boolean {
  const receivers = views.flatMap((view) => receiverNames(view.receivers));
  return (refresh?.onChange ?? []).every((action) => {
    if ('signal' in action) return receivers.includes(action.container);
    if ('url' in action) return true;
    const view = views[action.view];
    return view !== undefined && touchFault(action.touch, view) === undefined;
  });
}

/** @param secrets how many secrets the plan has */
function viewShape(secrets: number): Shape<PlanView> {
  const source = {
    secret: (value: unknown) => isInteger(value) && value >= 0 && value < secrets,
    entry: optional((value) => isInteger(value) && value >= 0),
    optional: optional(isTrue),
  };
  const selection: Shape<Selection> = {
    ...source,
    key: optional(isText),
    jmesPath: optional(isText),
    decode: optional(oneOf('base64')),
    default: optional(isText),
  };
  const expansion = { ...source, exclude: optional(isTexts), onCollision: optional(oneOf('skip')) };
  return {
    volume: (value) => isText(value) && isViewVolume(value),
    receivers: (value) => hasShape<Receivers>(value, { native: isTexts, shell: isTexts, file: isTexts }),
    fileMode: isMode,
    format: isDialect,
    // A name becomes part of a line or of a path: a forged name could write elsewhere.
    env: listOf<PlanVariable>({ ...selection, name: (value) => isText(value) && isEnvName(value) }),
    envFrom: listOf<PlanVariables>({
      ...expansion,
      id: optional(isText),
      prefix: optional(isText),
      case: optional(oneOf('upper', 'lower')),
    }),
    files: listOf<PlanFile>({
      ...selection,
      path: isPath,
      mode: optional(isMode),
      format: optional(isDialect),
      template: optional(isText),
      escape: optional((value) => isText(value) && isEscape(value)),
      pem: optional(oneOf(...PEM_PARTS)),
    }),
    filesFrom: listOf<PlanDirectory>({
      ...expansion,
      directory: isPath,
      include: optional(isTexts),
      mode: optional(isMode),
    }),
    declared: isTexts,
    probe: optional(isTrue),
    manifest: optional(isTrue),
  };
}

/** Whether all members pass and no other member exists: a member of a later release is not ignored. */
function hasShape<T>(json: unknown, shape: Shape<T>): json is T {
  const object = asObject(json);
  if (object === undefined) return false;
  const checks: Readonly<Record<string, Check>> = shape;
  return (
    Object.keys(object).every((name) => Object.hasOwn(checks, name)) &&
    Object.entries(checks).every(([name, check]) => check(field(object, name)))
  );
}

function listOf<T>(shape: Shape<T>): Check {
  return (value) => asArray(value)?.every((element) => hasShape<T>(element, shape)) === true;
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value);
}

function oneOf(...texts: readonly string[]): Check {
  return (value) => isText(value) && texts.includes(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return asArray(value)?.every(isText) === true;
}

function isRegionList(value: unknown): boolean {
  const length = asArray(value)?.length ?? 0;
  return isTexts(value) && length > 0 && length <= MAX_FAILOVER_REGIONS;
}

function isTrue(value: unknown): boolean {
  return value === true;
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

function isMode(value: unknown): boolean {
  return isText(value) && FILE_MODE.test(value);
}

function isPath(value: unknown): boolean {
  return isText(value) && filePathFault(value) === undefined;
}
