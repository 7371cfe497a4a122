/** The options that keep the files of a running pod up to date: `refresh`, `refresh-required` and `on-change`. */
import { parseDuration } from '../duration.ts';
import { MAX_CHANGE_ACTIONS } from '../limits.ts';
import { annotationKey, type Option } from '../names/annotation-keys.ts';
import { fileNameFault } from '../names/paths.ts';
import {
  type CallAction,
  isSignal,
  LEAST_REFRESH_SECONDS,
  loopbackUrlFault,
  MOST_REFRESH_SECONDS,
  SIGNALS,
  type Signal,
} from '../plan/refresh.ts';
import type { Findings } from '../problems/findings.ts';
import { nearest } from '../problems/nearest.ts';
import type { Problem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { failed, ok, type Result } from '../problems/result.ts';
import { fileNameProblem } from './asked-names.ts';

/** An action as the annotation writes it: which containers and views it concerns depends on the pod. */
export type WrittenAction =
  | { readonly signal: Signal; readonly container: string | undefined }
  | CallAction
  | { readonly touch: string };

export interface RefreshOptions {
  readonly seconds: number;
  /** Whether the pod is not ready while its files may be out of date. */
  readonly required: boolean;
  readonly onChange: readonly WrittenAction[];
}

/** Adds options that only have an effect together with `refresh`. */
export function checkWithoutRefresh(texts: ReadonlyMap<Option, string>, findings: Findings): void {
  if (texts.has('refresh')) return;
  for (const option of ['refresh-required', 'on-change'] as const) {
    if (!texts.has(option)) continue;
    findings.add({
      code: 'OPTION_CONFLICT',
      subject: annotationKey(option),
      wrong: `the option requires the annotation ${annotationKey('refresh')}`,
      expected: `add ${annotationKey('refresh')}, such as 5m, or remove ${option}`,
    });
  }
}

export function parseInterval(text: string): Result<number, string> {
  const seconds = parseDuration(text);
  return seconds === undefined || seconds < LEAST_REFRESH_SECONDS || seconds > MOST_REFRESH_SECONDS
    ? failed('use a duration from 30s to 24h')
    : ok(seconds);
}

/** Reads the actions of `on-change`. Those that are not valid are added to the findings and left out. */
export function readActions(text: string | undefined, findings: Findings): readonly WrittenAction[] {
  if (text === undefined) return [];
  const parts = text.split(',');
  if (parts.length > MAX_CHANGE_ACTIONS) {
    findings.add(
      invalid(`${parts.length} actions are more than the limit`, `use at most ${MAX_CHANGE_ACTIONS} actions`),
    );
    return [];
  }
  return parts.flatMap((part) => findings.take(parseAction(part.trim())) ?? []);
}

/** The annotation that the problems of actions name. */
export const ON_CHANGE: string = annotationKey('on-change');

function invalid(wrong: string, expected: string): Problem {
  return { code: 'ON_CHANGE_INVALID', subject: ON_CHANGE, wrong, expected };
}

function parseAction(text: string): Result<WrittenAction> {
  if (text.startsWith('signal:')) return parseSignal(text.slice('signal:'.length));
  if (text.startsWith('touch:')) return parseTouch(text.slice('touch:'.length));
  if (/^[A-Za-z][\w+.-]*:\/\//.test(text)) return parseCall(text);
  return failed(
    invalid(
      `${quote(text)} is not an action`,
      'use signal:HUP, signal:HUP@container, a URL such as http://localhost:8080/reload, or touch:file',
    ),
  );
}

function parseSignal(text: string): Result<WrittenAction> {
  const at = text.indexOf('@');
  const name = (at < 0 ? text : text.slice(0, at)).replace(/^SIG/, '');
  const container = at < 0 ? undefined : text.slice(at + 1);
  if (!isSignal(name)) return failed(unknownSignal(name));
  if (container === '')
    return failed(
      invalid(`${quote(`signal:${text}`)} does not name a container`, 'write its name after the @'),
    );
  return ok({ signal: name, container });
}

function unknownSignal(name: string): Problem {
  const word = name.toLowerCase();
  const match = nearest(
    word.replace(/^sig/, ''),
    SIGNALS.map((signal) => signal.toLowerCase()),
  );
  const hint = match === undefined ? '' : ` (did you mean ${match.toUpperCase()}?)`;
  return invalid(
    `${quote(name)} is not a signal that the fetcher sends`,
    `use ${SIGNALS.slice(0, -1).join(', ')} or ${SIGNALS.at(-1)}${hint}`,
  );
}

function parseTouch(name: string): Result<WrittenAction> {
  const fault = fileNameFault(name);
  return fault === undefined ? ok({ touch: name }) : failed(fileNameProblem(fault, name, ON_CHANGE));
}

function parseCall(url: string): Result<WrittenAction> {
  const fault = loopbackUrlFault(url);
  if (fault === undefined) return ok({ url });
  return failed(
    invalid(
      `the URL ${quote(url, 128)} ${fault}`,
      'use http and localhost, 127.0.0.1 or [::1], such as http://localhost:8080/reload',
    ),
  );
}
