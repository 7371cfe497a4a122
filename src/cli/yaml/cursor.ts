/** A position in a text, with the line breaks of YAML 1.1. */

/** The end of the text, as a character. */
export const END = '';

export class Cursor {
  readonly text: string;
  at = 0;
  line = 0;
  column = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** The character at a distance from the position, or END. */
  peek(distance = 0): string {
    return this.text.charAt(this.at + distance);
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  isBlank(distance = 0): boolean {
    const character = this.peek(distance);
    return character === ' ' || character === '\t';
  }

  isBreak(distance = 0): boolean {
    return isBreak(this.peek(distance));
  }

  isBreakOrEnd(distance = 0): boolean {
    const character = this.peek(distance);
    return character === END || isBreak(character);
  }

  isBlankOrEnd(distance = 0): boolean {
    return this.isBlank(distance) || this.isBreakOrEnd(distance);
  }

  skip(count = 1): void {
    this.at += count;
    this.column += count;
  }

  skipBlanks(): void {
    while (this.isBlank()) this.skip();
  }

  skipComment(): void {
    if (this.peek() !== '#') return;
    while (!this.isBreakOrEnd()) this.skip();
  }

  /** Reads a line break, if one is here. @returns what it contributes to a scalar */
  readBreak(): string {
    const first = this.peek();
    if (!isBreak(first)) return '';
    this.at += first === '\r' ? this.#carriageReturns() : 1;
    this.line += 1;
    this.column = 0;
    return first === '\u2028' || first === '\u2029' ? first : '\n';
  }

  /** A line that starts with `---` or `...` and a blank. */
  isAtDocumentMarker(): boolean {
    if (this.column !== 0) return false;
    const marker = this.text.slice(this.at, this.at + 3);
    return (marker === '---' || marker === '...') && this.isBlankOrEnd(3);
  }

  // kubectl first removes one carriage return before each line feed, then reads what is left as YAML.
  #carriageReturns(): number {
    if (this.peek(1) === '\n') return 2;
    return this.peek(1) === '\r' && this.peek(2) === '\n' ? 3 : 1;
  }
}

function isBreak(character: string): boolean {
  switch (character) {
    case '\n':
    case '\r':
    case '\u0085':
    case '\u2028':
    case '\u2029':
      return true;
    default:
      return false;
  }
}

/** Characters of anchors and of tag handles. */
export function isWordCharacter(character: string): boolean {
  return /^[0-9A-Za-z_-]$/.test(character);
}
