/** A unified diff of a text and its splices: the changed lines are known, so that nothing is compared. */
import type { Splice } from './lines.ts';

const CONTEXT = 3;

/** Lines that are replaced. */
interface Change {
  /** The first line, from 0, and the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly added: readonly string[];
}

/** @param before with these splices applied is the new text @returns empty without a change */
export function unifiedDiff(name: string, before: string, splices: readonly Splice[]): string {
  const changes = changesOf(before, splices);
  if (changes.length === 0) return '';
  const lines = linesOf(before);
  const hunks = hunksOf(changes);
  const path = name.replace(/^\/+/, '');
  const parts = [`--- a/${path}\n+++ b/${path}\n`];
  let shift = 0;
  for (const hunk of hunks) {
    const first = hunk[0]?.from ?? 0;
    const last = hunk.at(-1)?.to ?? 0;
    const from = Math.max(0, first - CONTEXT);
    const to = Math.min(lines.length, last + CONTEXT);
    const grown = hunk.reduce((sum, change) => sum + change.added.length - (change.to - change.from), 0);
    const start = (at: number, count: number) => (count === 0 ? at : at + 1);
    parts.push(
      `@@ -${start(from, to - from)},${to - from} +${start(from + shift, to - from + grown)},${to - from + grown} @@\n`,
    );
    let at = from;
    for (const change of hunk) {
      parts.push(...lines.slice(at, change.from).map((line) => marked(' ', line)));
      parts.push(...lines.slice(change.from, change.to).map((line) => marked('-', line)));
      parts.push(...change.added.map((line) => marked('+', line)));
      at = change.to;
    }
    parts.push(...lines.slice(at, to).map((line) => marked(' ', line)));
    shift += grown;
  }
  return parts.join('');
}

function marked(mark: string, line: string): string {
  return line.endsWith('\n') ? `${mark}${line}` : `${mark}${line}\n\\ No newline at end of file\n`;
}

/** With their ends. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Whole lines, in order; splices that touch the same lines become one change. */
function changesOf(text: string, splices: readonly Splice[]): readonly Change[] {
  const starts = [0];
  for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', feed + 1)) starts.push(feed + 1);
  const isComplete = text === '' || text.endsWith('\n');
  const count = starts.length - (isComplete ? 1 : 0);
  const startOf = (line: number) => (line < count ? (starts[line] ?? text.length) : text.length);
  const lineAt = (offset: number) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const changes: { from: number; to: number; splices: Splice[] }[] = [];
  for (const splice of splices.toSorted((a, b) => a.at - b.at || a.remove - b.remove)) {
    const from = lineAt(splice.at);
    const end = splice.at + splice.remove;
    const isWhole =
      startOf(from) === splice.at &&
      (end === text.length || startOf(lineAt(end)) === end) &&
      (splice.text === '' || splice.text.endsWith('\n'));
    const to = isWhole
      ? Math.max(from, end === text.length ? count : lineAt(end))
      : Math.min(count, lineAt(end) + 1);
    const last = changes.at(-1);
    if (last !== undefined && from < last.to) {
      last.to = Math.max(last.to, to);
      last.splices.push(splice);
    } else changes.push({ from, to, splices: [splice] });
  }
  return changes.map(({ from, to, splices: own }) => ({
    from,
    to,
    added: linesOf(applied(text, startOf(from), startOf(to), own)),
  }));
}

function applied(text: string, start: number, end: number, splices: readonly Splice[]): string {
  let result = '';
  let at = start;
  for (const splice of splices) {
    result += text.slice(at, splice.at) + splice.text;
    at = Math.max(at, splice.at + splice.remove);
  }
  return result + text.slice(at, Math.max(at, end));
}

/** Changes whose context touches. */
function hunksOf(changes: readonly Change[]): readonly (readonly Change[])[] {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1);
    const end = last?.at(-1)?.to;
    if (last !== undefined && end !== undefined && change.from - end <= 2 * CONTEXT) last.push(change);
    else hunks.push([change]);
  }
  return hunks;
}
