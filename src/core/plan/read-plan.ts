/** A plan read back, every part of it checked: anybody who can create a pod can write one. */

import { isDialect } from '../formats/index.ts';
import { asArray, asObject, field, integerField, type JsonObject, textField } from '../json.ts';
import { parseArn, type SecretArn } from '../names/arn.ts';
import { isEnvName } from '../names/env-names.ts';
import { filePathFault } from '../names/paths.ts';
import { isViewVolume } from '../names/volume-layout.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { PEM_PARTS } from '../secret/pem.ts';
import { isEscape } from '../template/escapes.ts';
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
} from './plan.ts';

/** A plan with the ARN of each of its secrets parsed. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly arns: readonly SecretArn[];
}

/** @returns the plan, or the one problem that makes it unusable */
export function readPlan(text: string | undefined): ReadPlan | FetchProblem {
  if (text === undefined || text === '')
    return fault('the variable is not set', 'the webhook sets it: let it inject the container');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return fault('the plan is not JSON', REWRITTEN);
  }
  const version = field(json, 'version');
  if (version !== PLAN_VERSION) {
    return fault(
      `the plan's version is ${typeof version === 'number' ? version : 'missing'}, this fetcher reads ${PLAN_VERSION}`,
      'use the same release for the webhook and its image',
    );
  }
  const plan = checkedPlan(json);
  if (plan === undefined) return fault('the plan does not have its shape', REWRITTEN);
  const arns: SecretArn[] = [];
  for (const secret of plan.secrets) {
    const arn = parseArn(secret.arn, PLAN_VARIABLE);
    if ('code' in arn) return fault(arn.wrong, arn.expected);
    arns.push(arn);
  }
  return { plan, arns };
}

const REWRITTEN = 'something rewrote it after the webhook: create the pod again';

function fault(wrong: string, expected: string): FetchProblem {
  return { code: 'PLAN_INVALID', subject: PLAN_VARIABLE, wrong, expected };
}

function checkedPlan(json: unknown): Plan | undefined {
  const timeoutSeconds = integerField(json, 'timeoutSeconds');
  const secrets = listOf(field(json, 'secrets'), isSecret);
  if (timeoutSeconds === undefined || timeoutSeconds < 1 || timeoutSeconds > 3600 || secrets === undefined)
    return undefined;
  if (!hasOnly(json, {}, ['version', 'timeoutSeconds', 'secrets', 'views'])) return undefined;
  const count = secrets.length;
  const views = listOf(field(json, 'views'), (view): view is PlanView => isView(view, count));
  if (views === undefined || views.length === 0) return undefined;
  return { version: PLAN_VERSION, timeoutSeconds, secrets, views };
}

function isSecret(json: unknown): json is PlanSecret {
  return textField(json, 'arn') !== undefined && hasOnly(json, { stage: isText, versionId: isText }, ['arn']);
}

function isView(json: unknown, secrets: number): json is PlanView {
  const volume = textField(json, 'volume');
  const fileMode = textField(json, 'fileMode');
  if (volume === undefined || !isViewVolume(volume)) return false;
  if (fileMode !== '0400' && fileMode !== '0440' && fileMode !== '0444') return false;
  const probe = field(json, 'probe');
  if (!isDialect(field(json, 'format')) || (probe !== undefined && probe !== true)) return false;
  return (
    hasOnly(json, {}, VIEW) &&
    isReceivers(field(json, 'receivers')) &&
    isListOf(field(json, 'declared'), isText) &&
    isListOf(field(json, 'env'), (one) => isVariable(one, secrets)) &&
    isListOf(field(json, 'envFrom'), (one) => isVariables(one, secrets)) &&
    isListOf(field(json, 'files'), (one) => isFile(one, secrets)) &&
    isListOf(field(json, 'filesFrom'), (one) => isDirectory(one, secrets))
  );
}

const VIEW = [
  'volume',
  'receivers',
  'fileMode',
  'format',
  'env',
  'envFrom',
  'files',
  'filesFrom',
  'declared',
  'probe',
] as const satisfies readonly (keyof PlanView)[];
const MODES = ['native', 'shell', 'file'] as const satisfies readonly (keyof Receivers)[];

function isReceivers(json: unknown): json is Receivers {
  return hasOnly(json, {}, MODES) && MODES.every((mode) => isListOf(field(json, mode), isText));
}

type Check = (value: unknown) => boolean;
type Checks = Readonly<Record<string, Check>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const isTrue: Check = (value) => value === true;
const isTexts: Check = (value) => isListOf(value, isText);
const isMode: Check = (value) => isText(value) && /^0[0-7]{3}$/.test(value);
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    isText(value) && texts.includes(value);

const SOURCE: Checks = {
  secret: Number.isInteger,
  entry: (value) => Number.isInteger(value) && (value as number) >= 0,
  optional: isTrue,
};
const SELECTION: Checks = {
  ...SOURCE,
  key: isText,
  jmesPath: isText,
  decode: oneOf('base64'),
  default: isText,
};
const SPREAD: Checks = { ...SOURCE, exclude: isTexts, onCollision: oneOf('skip') };
const VARIABLES: Checks = { ...SPREAD, id: isText, prefix: isText, case: oneOf('upper', 'lower') };
const FILE: Checks = {
  ...SELECTION,
  mode: isMode,
  format: isDialect,
  template: isText,
  escape: (value) => isText(value) && isEscape(value),
  pem: oneOf(...PEM_PARTS),
};
const DIRECTORY: Checks = { ...SPREAD, include: isTexts, mode: isMode };

// A name becomes part of a line or of a path, so a forged one could write where it should not.
function isVariable(json: unknown, secrets: number): json is PlanVariable {
  const name = textField(json, 'name');
  return name !== undefined && isEnvName(name) && isReference(json, secrets, SELECTION, ['name']);
}

function isVariables(json: unknown, secrets: number): json is PlanVariables {
  return isReference(json, secrets, VARIABLES, []);
}

function isFile(json: unknown, secrets: number): json is PlanFile {
  const path = textField(json, 'path');
  return (
    path !== undefined && filePathFault(path) === undefined && isReference(json, secrets, FILE, ['path'])
  );
}

function isDirectory(json: unknown, secrets: number): json is PlanDirectory {
  const directory = textField(json, 'directory');
  if (directory === undefined || filePathFault(directory) !== undefined) return false;
  return isReference(json, secrets, DIRECTORY, ['directory']);
}

function isReference(json: unknown, secrets: number, checks: Checks, others: readonly string[]): boolean {
  const secret = integerField(json, 'secret');
  return secret !== undefined && secret >= 0 && secret < secrets && hasOnly(json, checks, others);
}

/** Whether every member is known and right. What a later release adds is not followed half. */
function hasOnly(json: unknown, checks: Checks, others: readonly string[]): boolean {
  const object: JsonObject | undefined = asObject(json);
  if (object === undefined) return false;
  return Object.keys(object).every((key) => {
    if (others.includes(key)) return true;
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    return check?.(object[key]) === true;
  });
}

function isListOf(json: unknown, check: Check): boolean {
  return asArray(json)?.every(check) === true;
}

/** The list if every element passes. */
function listOf<T>(json: unknown, check: (element: unknown) => element is T): readonly T[] | undefined {
  const list = asArray(json);
  return list?.every(check) === true ? (list as readonly T[]) : undefined;
}
