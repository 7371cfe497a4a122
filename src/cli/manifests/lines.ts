/** Lines of a text, for insertions. */

export interface Splice {
  readonly at: number;
  /** How many characters to remove. */
  readonly remove: number;
  readonly text: string;
}

export class Lines {
  readonly text: string;
  readonly newline: string;

  constructor(text: string) {
    this.text = text;
    this.newline = text[text.indexOf('\n') - 1] === '\r' ? '\r\n' : '\n';
  }

  startOf(offset: number): number {
    return this.text.lastIndexOf('\n', offset - 1) + 1;
  }

  /** The blanks at the start of a line. */
  marginOf(offset: number): string {
    const start = this.startOf(offset);
    return /^[ \t]*/.exec(this.text.slice(start, start + 1000))?.[0] ?? '';
  }

  isFirstOfLine(offset: number): boolean {
    return this.text.slice(this.startOf(offset), offset).trim() === '';
  }

  /** The start of the line after an offset, or the offset if a line starts there. */
  after(offset: number): number {
    if (offset >= this.text.length) return this.text.length;
    if (this.text[offset - 1] === '\n') return offset;
    const feed = this.text.indexOf('\n', offset);
    return feed < 0 ? this.text.length : feed + 1;
  }

  /** Inserts lines before the line that starts at an offset. */
  insert(at: number, lines: readonly string[]): Splice {
    const isAfterText = at > 0 && this.text[at - 1] !== '\n';
    const text = lines.join(this.newline);
    return { at, remove: 0, text: isAfterText ? this.newline + text : text + this.newline };
  }

  /** The start of the comments directly above a line, no higher than a limit. */
  aboveComments(offset: number, limit: number): number {
    let start = this.startOf(offset);
    while (start > 0) {
      const above = this.startOf(start - 1);
      if (above < limit || !this.text.slice(above, start).trimStart().startsWith('#')) break;
      start = above;
    }
    return start;
  }
}

/** Applies splices, which do not overlap. At one place, insertions stay in order, and come before a replacement. */
export function spliced(text: string, splices: readonly Splice[]): string {
  let result = '';
  let from = 0;
  for (const { at, remove, text: added } of splices.toSorted((a, b) => a.at - b.at || a.remove - b.remove)) {
    result += text.slice(from, at) + added;
    from = Math.max(from, at + remove);
  }
  return result + text.slice(from);
}
