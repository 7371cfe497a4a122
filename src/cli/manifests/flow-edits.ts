/** Insertions into flow collections and JSON. */
import type { ListNode, MapNode, Node } from '../yaml/nodes.ts';
import type { Entry } from './edits.ts';
import type { Splice } from './lines.ts';
import type { Sheet } from './sheet.ts';
import { flowText } from './write-value.ts';

/** Replaces null or an alias. @param key of a value without `:` */
export function replaceInFlow(key: Node | undefined, old: Node, value: unknown, sheet: Sheet): Splice {
  const text = sheet.isJson ? JSON.stringify(value) : flowText(value, true);
  if (old.end < 0) return { at: key?.end ?? 0, remove: 0, text: `: ${text}` };
  const isEmpty = old.end === old.outerStart;
  return { at: old.outerStart, remove: old.end - old.outerStart, text: isEmpty ? ` ${text}` : text };
}

export function insertMembers(
  sheet: Sheet,
  map: MapNode,
  pairs: readonly (readonly [string, unknown])[],
): readonly Splice[] {
  const last = map.pairs.at(-1);
  const end = last === undefined ? undefined : Math.max(last.value.end, last.key.end);
  const first = map.pairs[0]?.key.outerStart;
  const texts = pairs.map(([key, value]) => (margin: string | undefined) => {
    const name = sheet.isJson ? JSON.stringify(key) : flowText(key, true);
    return `${name}:${isCompact(sheet, margin) ? '' : ' '}${valueText(sheet, value, margin)}`;
  });
  return [insertion(sheet, map, first, end, texts)];
}

export function insertEntries(sheet: Sheet, list: ListNode, entries: readonly Entry[]): readonly Splice[] {
  const splices: Splice[] = [];
  const first = list.items[0]?.value.outerStart;
  let end: number | undefined;
  let group: ((margin: string | undefined) => string)[] = [];
  for (const entry of entries) {
    if (!('item' in entry) && entry.replaces === undefined) {
      group.push((margin) => valueText(sheet, entry.value, margin));
      continue;
    }
    const { value } = 'item' in entry ? entry.item : (entry.replaces ?? { value: list });
    if (group.length > 0) {
      const margin = marginFor(sheet, list, first);
      const separator = separatorFor(sheet, margin);
      const text = group.map((write) => write(margin) + separator).join('');
      splices.push(
        end === undefined
          ? { at: value.outerStart, remove: 0, text }
          : insertion(sheet, list, first, end, group),
      );
    }
    group = [];
    end = value.end;
  }
  if (group.length > 0) splices.push(insertion(sheet, list, first, end, group));
  return splices;
}

/** After the last element, or into an empty collection. */
function insertion(
  sheet: Sheet,
  collection: MapNode | ListNode,
  first: number | undefined,
  end: number | undefined,
  texts: readonly ((margin: string | undefined) => string)[],
): Splice {
  const margin = marginFor(sheet, collection, first);
  const separator = separatorFor(sheet, margin);
  const written = texts.map((write) => write(margin));
  if (end !== undefined) {
    // An empty value ends with ":", which belongs to the key if a comma follows.
    const gap = sheet.lines.text[end - 1] === ':' ? ' ' : '';
    return { at: end, remove: 0, text: gap + written.map((text) => separator + text).join('') };
  }
  const text = written.join(separator);
  const { newline } = sheet.lines;
  const outer = sheet.lines.marginOf(collection.start);
  const lined = margin === undefined ? text : `${newline}${margin}${text}${newline}${outer}`;
  return { at: collection.start + 1, remove: 0, text: lined };
}

/** The blanks before each element, if each has a line of its own. */
function marginFor(sheet: Sheet, collection: Node, first: number | undefined): string | undefined {
  const { lines } = sheet;
  if (first !== undefined) return lines.isFirstOfLine(first) ? lines.marginOf(first) : undefined;
  const unit = sheet.isJson ? jsonUnit(sheet) : undefined;
  return unit === undefined ? undefined : lines.marginOf(collection.start) + unit;
}

function separatorFor(sheet: Sheet, margin: string | undefined): string {
  if (margin !== undefined) return `,${sheet.lines.newline}${margin}`;
  return isCompact(sheet, margin) ? ',' : ', ';
}

function valueText(sheet: Sheet, value: unknown, margin: string | undefined): string {
  if (!sheet.isJson) return flowText(value, true);
  const text = JSON.stringify(value, undefined, margin === undefined ? undefined : jsonUnit(sheet));
  return text.replaceAll('\n', sheet.lines.newline + (margin ?? ''));
}

/** JSON without blanks. */
function isCompact(sheet: Sheet, margin: string | undefined): boolean {
  return sheet.isJson && margin === undefined;
}

/** One level of indentation, if the file has lines. */
function jsonUnit({ lines }: Sheet): string | undefined {
  return /[{[]\r?\n([ \t]+)/.exec(lines.text)?.[1];
}
