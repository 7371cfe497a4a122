/** The line of a field in YAML text. Only problems need it, so the text is parsed a second time instead of keeping places. */
import { EVENT_ID, type Event, getScalarValue, parseEvents } from 'js-yaml';
import { MAX_DEPTH } from '../annotations/form/tree.ts';
import type { Path } from '../names/form-subject.ts';

/**
 * The line of the field at a path, from 1; for a missing field, the line of the map that lacks it.
 * @returns undefined if the text is not valid YAML
 */
export function lineAt(text: string, path: Path): number | undefined {
  let events: readonly Event[];
  try {
    events = parseEvents(text, { maxDepth: MAX_DEPTH });
  } catch {
    return undefined;
  }
  // The first event is the document.
  let index = 1;
  let offset = startOf(events[index]);
  for (const part of path) {
    const found = childOf(events, index, part, text);
    if (found === undefined) break;
    index = found.value;
    offset = startOf(events[found.place]) ?? offset;
  }
  return offset === undefined ? undefined : text.slice(0, offset).split('\n').length;
}

/** The events of a child: its value, and its key where it has one. */
function childOf(
  events: readonly Event[],
  parent: number,
  part: string | number,
  text: string,
): { readonly value: number; readonly place: number } | undefined {
  const isMap = events[parent]?.type === EVENT_ID.MAPPING;
  if (!isMap && events[parent]?.type !== EVENT_ID.SEQUENCE) return undefined;
  let place = parent + 1;
  for (let count = 0; isOpen(events[place]); count += 1) {
    const value = isMap ? after(events, place) : place;
    const key = events[place];
    const name = isMap ? key?.type === EVENT_ID.SCALAR && getScalarValue(text, key) : count;
    if (name === part) return { value, place };
    place = after(events, value);
  }
  return undefined;
}

function isOpen(event: Event | undefined): boolean {
  return event !== undefined && event.type !== EVENT_ID.POP;
}

/** The index after the value that begins at an index. */
function after(events: readonly Event[], index: number): number {
  let depth = 0;
  let at = index;
  do {
    const type = events[at]?.type;
    if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth += 1;
    else if (type === EVENT_ID.POP) depth -= 1;
    at += 1;
  } while (depth > 0 && at < events.length);
  return at;
}

function startOf(event: Event | undefined): number | undefined {
  switch (event?.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return undefined;
  }
}
