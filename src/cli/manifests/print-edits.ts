/** Turns edits into insertions, so that every other character of a manifest stays as it is. */
import type { ListNode, MapNode, Node, Pair } from '../yaml/nodes.ts';
import type { Edits, Entry } from './edits.ts';
import { insertEntries, insertMembers, replaceInFlow } from './flow-edits.ts';
import { Lines, type Splice } from './lines.ts';
import type { Sheet } from './sheet.ts';
import { blockLines, flowText, type Indentation, isBlock, memberLines } from './write-value.ts';

/** The splices of a document. @param replaced aliases to replace by a copy of what they refer to */
export function spliceDocument(
  text: string,
  root: Node,
  isJson: boolean,
  edits: Edits,
  replaced: ReadonlyMap<Node, unknown>,
): readonly Splice[] {
  const sheet = { lines: new Lines(text), isJson, indentation: indentationOf(root) };
  return [...splicesOf(sheet, root, edits, replaced)];
}

/** Inner nodes come first: insertions at one place belong to the innermost. */
function* splicesOf(
  sheet: Sheet,
  node: Node,
  edits: Edits,
  replaced: ReadonlyMap<Node, unknown>,
): Generator<Splice> {
  if (node.kind === 'map') {
    const members = edits.members.get(node);
    const gone = new Set([...(members?.values() ?? [])].map((member) => member.replaces));
    for (const pair of node.pairs) if (!gone.has(pair)) yield* splicesOf(sheet, pair.value, edits, replaced);
    for (const [key, { value, replaces }] of members ?? []) {
      if (replaces === undefined) continue;
      if (node.isFlow) yield replaceInFlow(replaces.key, replaces.value, value, sheet);
      else yield* replaceMember(sheet, node, replaces, key, value);
    }
    const added = [...(members ?? [])].filter(([, member]) => member.replaces === undefined);
    const pairs = added.map(([key, { value }]) => [key, value] as const);
    if (pairs.length > 0)
      yield* node.isFlow ? insertMembers(sheet, node, pairs) : appendMembers(sheet, node, pairs);
  } else if (node.kind === 'list') {
    const entries: readonly Entry[] = edits.entries.get(node) ?? node.items.map((item) => ({ item }));
    for (const entry of entries) {
      if ('item' in entry) yield* splicesOf(sheet, entry.item.value, edits, replaced);
      else if (entry.replaces !== undefined) {
        const { value: old } = entry.replaces;
        if (node.isFlow) yield replaceInFlow(undefined, old, entry.value, sheet);
        else yield* replaceItem(sheet, node, old, entry.value);
      }
    }
    if (edits.entries.has(node))
      yield* node.isFlow ? insertEntries(sheet, node, entries) : insertItems(sheet, node, entries);
  } else if (replaced.has(node)) yield replaceInFlow(undefined, node, replaced.get(node), sheet);
}

function appendMembers(
  { lines, indentation }: Sheet,
  map: MapNode,
  pairs: readonly (readonly [string, unknown])[],
): Splice[] {
  const margin = ' '.repeat(map.column);
  const added = pairs.flatMap(([key, value]) => memberLines(key, value, indentation));
  return [
    lines.insert(
      lines.after(map.end),
      added.map((line) => margin + line),
    ),
  ];
}

/** Replaces null or an alias. */
function* replaceMember(
  { lines, indentation }: Sheet,
  map: MapNode,
  { key, value: old }: Pair,
  name: string,
  value: unknown,
): Generator<Splice> {
  const start = old.end < 0 ? key.end : old.outerStart;
  const end = Math.max(old.end, start);
  const colon = old.end < 0 ? ':' : '';
  const kept = lines.text.slice(0, start).trimEnd().length;
  // What is above the value, such as comments between the key and an alias, stays.
  const from = lines.text.slice(kept, start).includes('\n') ? start : kept;
  if (!isBlock(value)) {
    yield { at: from, remove: end - from, text: `${colon} ${flowText(value)}` };
    return;
  }
  yield { at: from, remove: end - from, text: colon };
  const [, ...added] = memberLines(name, value, indentation);
  const margin = ' '.repeat(map.column);
  yield lines.insert(
    lines.after(end),
    added.map((line) => margin + line),
  );
}

/** Replaces an alias. */
function* replaceItem(
  { lines, indentation }: Sheet,
  list: ListNode,
  old: Node,
  value: unknown,
): Generator<Splice> {
  const [first = '', ...others] = isBlock(value) ? blockLines(value, indentation) : [flowText(value)];
  yield { at: old.outerStart, remove: old.end - old.outerStart, text: first };
  const margin = ' '.repeat(list.column + 2);
  if (others.length > 0)
    yield lines.insert(
      lines.after(old.end),
      others.map((line) => margin + line),
    );
}

function* insertItems(
  { lines, indentation }: Sheet,
  list: ListNode,
  entries: readonly Entry[],
): Generator<Splice> {
  const margin = ' '.repeat(list.column);
  const write = (group: readonly unknown[]) => blockLines(group, indentation).map((line) => margin + line);
  let end: number | undefined;
  let group: unknown[] = [];
  for (const entry of entries) {
    if (!('item' in entry) && entry.replaces === undefined) {
      group.push(entry.value);
      continue;
    }
    const item = 'item' in entry ? entry.item : entry.replaces;
    if (group.length > 0 && end !== undefined) yield lines.insert(lines.after(end), write(group));
    if (group.length > 0 && end === undefined) {
      const dash = item?.dash ?? list.start;
      if (lines.isFirstOfLine(dash))
        yield lines.insert(lines.aboveComments(dash, lines.after(list.outerStart)), write(group));
      else {
        const text = write(group).join(lines.newline).trimStart();
        yield { at: dash, remove: 0, text: text + lines.newline + margin };
      }
    }
    group = [];
    end = item?.value.end;
  }
  if (group.length > 0) yield lines.insert(lines.after(end ?? list.end), write(group));
}

/** The indentation of the first map and the first list in a map. */
function indentationOf(root: Node): Indentation {
  let map: number | undefined;
  let list: number | undefined;
  const visit = (node: Node): void => {
    if (node.kind === 'list') for (const item of node.items) visit(item.value);
    if (node.kind !== 'map' || node.isFlow) return;
    for (const { value } of node.pairs) {
      if (value.kind === 'map' && !value.isFlow) map ??= value.column - node.column;
      if (value.kind === 'list' && !value.isFlow) list ??= value.column - node.column;
      if (map === undefined || list === undefined) visit(value);
    }
  };
  visit(root);
  return { map: map ?? 2, list: list ?? 2 };
}
