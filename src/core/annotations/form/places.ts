/** Where the parts of the YAML form are in its text. */
import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import { fieldAt, type Path } from '../../names/form-subject.ts';
import { MAX_DEPTH, MAX_EVENTS, MAX_TEXT } from './tree.ts';

/**
 * @returns the offset of each key and list item in a text, by the name that messages use, such as `[0].env.DB_USER`. Empty
 * for a text that is not YAML
 */
export function formPlaces(text: string): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  if (text.length > MAX_TEXT) return places;
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    if (events.length <= MAX_EVENTS) new PlaceReader(text, events, places).document();
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
  }
  return places;
}

/** The offset that the parser's error names; undefined if the text is YAML. */
export function syntaxErrorOffset(text: string): number | undefined {
  if (text.length > MAX_TEXT) return undefined;
  try {
    parseEvents(text, { maxDepth: MAX_DEPTH });
    return undefined;
  } catch (error) {
    return error instanceof YAMLException ? error.mark?.position : undefined;
  }
}

class PlaceReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #places: Map<string, number>;
  #next = 0;

  constructor(text: string, events: readonly Event[], places: Map<string, number>) {
    this.#text = text;
    this.#events = events;
    this.#places = places;
  }

  /** The first document; others are problems. */
  document(): void {
    this.#next = 1;
    if (!this.#atEnd()) this.#value([]);
  }

  #atEnd(): boolean {
    const event = this.#events[this.#next];
    return event === undefined || event.type === EVENT_ID.POP;
  }

  #value(path: Path): void {
    const event = this.#events[this.#next];
    this.#next += 1;
    if (event?.type === EVENT_ID.SEQUENCE) {
      for (let index = 0; !this.#atEnd(); index += 1) {
        this.#save([...path, index], this.#events[this.#next]);
        this.#value([...path, index]);
      }
      this.#next += 1;
    } else if (event?.type === EVENT_ID.MAPPING) {
      while (!this.#atEnd()) {
        const key = this.#events[this.#next];
        const name = key?.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, key) : '?';
        this.#save([...path, name], key);
        this.#value([...path, name]);
        this.#value([...path, name]);
      }
      this.#next += 1;
    }
  }

  /** The first of several equal keys counts, as for the reader. */
  #save(path: Path, event: Event | undefined): void {
    const field = fieldAt(path);
    const at = event === undefined ? -1 : startOf(event);
    if (at >= 0 && !this.#places.has(field)) this.#places.set(field, at);
  }
}

function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR: {
      const isQuoted =
        event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
      return event.valueStart - (isQuoted ? 1 : 0);
    }
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return -1;
  }
}
