/** Where a text stops being JSON (RFC 8259). The parser's own message quotes the text, so it cannot be used. */

/** Line and column, from 1; columns count UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** @returns the position of the first character that JSON does not allow, or undefined for JSON */
export function jsonFaultPosition(text: string): Position | undefined {
  const at = new Scanner(text).fault();
  if (at === undefined) return undefined;
  const before = text.slice(0, at);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: at - lineStart + 1 };
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or end';

const LITERALS = ['true', 'false', 'null'];
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const HEX = /^[0-9a-fA-F]$/;

/** One pass without recursion, so depth does not matter. */
class Scanner {
  readonly #text: string;
  #at = 0;
  /** The closing brackets of the open arrays and objects. */
  readonly #open: ('}' | ']')[] = [];
  #expected: Expected = 'value';

  constructor(text: string) {
    this.#text = text;
  }

  fault(): number | undefined {
    for (;;) {
      this.#skipBlanks();
      if (this.#at >= this.#text.length) return this.#isComplete() ? undefined : this.#at;
      if (!this.#step(this.#text.charAt(this.#at))) return this.#at;
    }
  }

  #isComplete(): boolean {
    return this.#open.length === 0 && this.#expected === ', or end';
  }

  #skipBlanks(): void {
    while (' \t\n\r'.includes(this.#text.charAt(this.#at) || 'x')) this.#at += 1;
  }

  /** @returns false at a fault, with the position on it */
  #step(character: string): boolean {
    switch (this.#expected) {
      case 'value':
        return this.#value(character);
      case 'value or ]':
        return character === ']' ? this.#close() : this.#value(character);
      case 'key':
        return character === '"' && this.#string(':');
      case 'key or }':
        return character === '}' ? this.#close() : character === '"' && this.#string(':');
      case ':':
        return character === ':' && this.#next(1, 'value');
      case ', or end': {
        const closing = this.#open.at(-1);
        if (closing === undefined) return false;
        if (character === closing) return this.#close();
        return character === ',' && this.#next(1, closing === '}' ? 'key' : 'value');
      }
    }
  }

  #next(length: number, expected: Expected): boolean {
    this.#at += length;
    this.#expected = expected;
    return true;
  }

  #close(): boolean {
    this.#open.pop();
    return this.#next(1, ', or end');
  }

  #value(character: string): boolean {
    switch (character) {
      case '{':
        this.#open.push('}');
        return this.#next(1, 'key or }');
      case '[':
        this.#open.push(']');
        return this.#next(1, 'value or ]');
      case '"':
        return this.#string(', or end');
      default:
        return this.#scalar();
    }
  }

  #scalar(): boolean {
    const literal = LITERALS.find((one) => this.#text.startsWith(one, this.#at));
    if (literal !== undefined) return this.#next(literal.length, ', or end');
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text);
    return number !== null && this.#next(number[0].length, ', or end');
  }

  #string(then: Expected): boolean {
    for (this.#at += 1; this.#at < this.#text.length; this.#at += 1) {
      const character = this.#text.charAt(this.#at);
      if (character === '"') return this.#next(1, then);
      if (character < ' ' || (character === '\\' && !this.#escape())) return false;
    }
    return false;
  }

  /** Moves to the last character of an escape. */
  #escape(): boolean {
    this.#at += 1;
    const kind = this.#text.charAt(this.#at);
    if (kind !== 'u') return kind !== '' && '"\\/bfnrt'.includes(kind);
    for (let digits = 0; digits < 4; digits += 1) {
      this.#at += 1;
      if (!HEX.test(this.#text.charAt(this.#at))) return false;
    }
    return true;
  }
}
