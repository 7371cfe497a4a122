/** Splits a YAML document into tokens, as the scanner of go-yaml 2 does. See README.md. */
import { Cursor, isWordCharacter } from './cursor.ts';
import { KeyPlaces } from './key-places.ts';
import { Refusal } from './refusal.ts';
import { scanBlock } from './scan-block.ts';
import { scanPlain } from './scan-plain.ts';
import { scanQuoted } from './scan-quoted.ts';
import { scanTag } from './scan-tag.ts';
import type { Punctuation, ScalarStyle, Token } from './tokens.ts';

/** go-yaml allows 10 000, more than the call stack of the composer. */
const MAX_DEPTH = 500;

const FLOW = {
  '[': 'flow-sequence-start',
  ']': 'flow-sequence-end',
  '{': 'flow-mapping-start',
  '}': 'flow-mapping-end',
} as const;

export class Scanner {
  readonly #cursor: Cursor;
  readonly #tokens: Token[] = [];
  /** The column of the block collection at the position, and those that contain it. */
  readonly #indents: number[] = [-1];
  readonly #keys: KeyPlaces;
  #canStartKey = true;
  #taken = 0;
  #isEnded = false;

  constructor(text: string) {
    this.#cursor = new Cursor(text);
    this.#keys = new KeyPlaces(this.#cursor);
  }

  /** The next token, which stays the next one. */
  peek(): Token {
    while (this.#needsMore()) this.#fetch();
    const token = this.#tokens[this.#taken];
    if (token === undefined) throw new Refusal(this.#cursor.at, 'the text ends too early');
    return token;
  }

  take(): Token {
    const token = this.peek();
    this.#taken += 1;
    return token;
  }

  get #indent(): number {
    return this.#indents.at(-1) ?? -1;
  }

  get #isInFlow(): boolean {
    return this.#keys.depth > 0;
  }

  /** A token is final as soon as it cannot be preceded by the start of a key. */
  #needsMore(): boolean {
    if (this.#isEnded) return false;
    if (this.#taken === this.#tokens.length) return true;
    return this.#keys.isAwaited(this.#taken);
  }

  #fetch(): void {
    const cursor = this.#cursor;
    this.#skipToToken();
    this.#closeIndents(cursor.column);
    const character = cursor.peek();
    const isBeforeBlank = cursor.isBlankOrEnd(1);
    if (cursor.isAtEnd) this.#fetchEnd();
    else if (cursor.column === 0 && character === '%')
      throw new Refusal(cursor.at, 'kubectl does not accept directives ("%")');
    else if (cursor.isAtDocumentMarker())
      this.#fetchMarker(character === '-' ? 'document-start' : 'document-end', 3);
    else if (character === '[' || character === '{') this.#fetchFlowStart(character);
    else if (character === ']' || character === '}') this.#fetchFlowEnd(character);
    else if (character === ',') this.#fetchFlowEntry();
    else if (character === '-' && isBeforeBlank) this.#fetchBlockEntry();
    else if (character === '?' && (this.#isInFlow || isBeforeBlank)) this.#fetchKey();
    else if (character === ':' && (this.#isInFlow || isBeforeBlank)) this.#fetchValue();
    else if (character === '*' || character === '&') this.#fetchName(character);
    else if (character === '!') this.#fetchTag();
    else if ((character === '|' || character === '>') && !this.#isInFlow) this.#fetchBlockScalar(character);
    else if (character === "'" || character === '"') this.#fetchQuoted(character);
    else this.#fetchPlain(character);
  }

  #skipToToken(): void {
    const cursor = this.#cursor;
    for (;;) {
      while (cursor.peek() === ' ' || (cursor.peek() === '\t' && (this.#isInFlow || !this.#canStartKey)))
        cursor.skip();
      cursor.skipComment();
      if (!cursor.isBreak()) return;
      cursor.readBreak();
      if (!this.#isInFlow) this.#canStartKey = true;
    }
  }

  #fetchEnd(): void {
    this.#closeIndents(-1);
    this.#keys.drop();
    this.#canStartKey = false;
    this.#isEnded = true;
    this.#add('stream-end', 0);
  }

  #fetchMarker(type: Punctuation, length: number): void {
    this.#closeIndents(-1);
    this.#keys.drop();
    this.#canStartKey = false;
    this.#add(type, length);
  }

  #fetchFlowStart(character: '[' | '{'): void {
    this.#saveKey();
    this.#keys.enter(this.#tokens.length);
    if (this.#keys.depth >= MAX_DEPTH) throw new Refusal(this.#cursor.at, 'the text is nested too deeply');
    this.#canStartKey = true;
    this.#add(FLOW[character], 1);
  }

  #fetchFlowEnd(character: ']' | '}'): void {
    this.#keys.drop();
    this.#keys.leave();
    this.#canStartKey = false;
    this.#add(FLOW[character], 1);
  }

  #fetchFlowEntry(): void {
    this.#keys.drop();
    this.#canStartKey = true;
    this.#add('flow-entry', 1);
  }

  #fetchBlockEntry(): void {
    if (!this.#isInFlow) {
      if (!this.#canStartKey) throw new Refusal(this.#cursor.at, 'a list item cannot start here');
      this.#openIndent(this.#cursor.column, 'block-sequence-start', this.#cursor.at, this.#tokens.length);
    }
    this.#keys.drop();
    this.#canStartKey = true;
    this.#add('block-entry', 1);
  }

  #fetchKey(): void {
    if (!this.#isInFlow) {
      if (!this.#canStartKey) throw new Refusal(this.#cursor.at, 'a key cannot start here');
      this.#openIndent(this.#cursor.column, 'block-mapping-start', this.#cursor.at, this.#tokens.length);
    }
    this.#keys.drop();
    this.#canStartKey = !this.#isInFlow;
    this.#add('key', 1);
  }

  #fetchValue(): void {
    const key = this.#keys.current();
    if (key !== undefined) {
      const { start, column, token } = key;
      this.#insert(token, { type: 'key', start, end: start, column });
      if (!this.#isInFlow) this.#openIndent(column, 'block-mapping-start', start, token);
      this.#keys.clear();
      this.#canStartKey = false;
    } else {
      if (!this.#isInFlow) {
        if (!this.#canStartKey) throw new Refusal(this.#cursor.at, 'a second ": " is in one line');
        this.#openIndent(this.#cursor.column, 'block-mapping-start', this.#cursor.at, this.#tokens.length);
      }
      this.#canStartKey = !this.#isInFlow;
    }
    this.#add('value', 1);
  }

  #fetchName(character: '*' | '&'): void {
    this.#saveKey();
    this.#canStartKey = false;
    const cursor = this.#cursor;
    const { at: start, column } = cursor;
    cursor.skip();
    while (isWordCharacter(cursor.peek())) cursor.skip();
    const name = cursor.text.slice(start + 1, cursor.at);
    if (name === '' || !(cursor.isBlankOrEnd() || '?:,]}%@`'.includes(cursor.peek())))
      throw new Refusal(
        start,
        'the name of an anchor or alias can contain letters, digits, "-" and "_" only',
      );
    this.#tokens.push({
      type: character === '*' ? 'alias' : 'anchor',
      name,
      start,
      end: cursor.at,
      column,
    });
  }

  #fetchTag(): void {
    this.#saveKey();
    this.#canStartKey = false;
    const { at: start, column } = this.#cursor;
    const tag = scanTag(this.#cursor);
    this.#tokens.push({ type: 'tag', tag, start, end: this.#cursor.at, column });
  }

  #fetchBlockScalar(character: '|' | '>'): void {
    this.#keys.drop();
    this.#canStartKey = true;
    const { at: start, column } = this.#cursor;
    const { value, end } = scanBlock(this.#cursor, this.#indent);
    const style: ScalarStyle = character === '|' ? 'literal' : 'folded';
    this.#tokens.push({ type: 'scalar', value, style, start, end, column });
  }

  #fetchQuoted(quote: '"' | "'"): void {
    this.#saveKey();
    this.#canStartKey = false;
    const { at: start, column } = this.#cursor;
    const value = scanQuoted(this.#cursor, quote);
    const style: ScalarStyle = quote === '"' ? 'double' : 'single';
    this.#tokens.push({ type: 'scalar', value, style, start, end: this.#cursor.at, column });
  }

  #fetchPlain(character: string): void {
    const cursor = this.#cursor;
    const canStart =
      character === '-'
        ? !cursor.isBlank(1)
        : character === '?' || character === ':'
          ? !this.#isInFlow && !cursor.isBlankOrEnd(1)
          : !cursor.isBlank() && !',[]{}#&*!|>\'"%@`'.includes(character);
    if (!canStart)
      throw new Refusal(
        cursor.at,
        character === '\t' ? 'a tab is used as indentation' : 'no value can start with this character',
      );
    this.#saveKey();
    this.#canStartKey = false;
    const { at: start, column } = cursor;
    const { value, end, isLineEnded } = scanPlain(cursor, this.#indent + 1, this.#isInFlow);
    if (isLineEnded) this.#canStartKey = true;
    this.#tokens.push({ type: 'scalar', value, style: 'plain', start, end, column });
  }

  #add(type: Punctuation, length: number): void {
    const { at: start, column } = this.#cursor;
    this.#cursor.skip(length);
    this.#tokens.push({ type, start, end: start + length, column });
  }

  #saveKey(): void {
    if (!this.#canStartKey) return;
    this.#keys.save(this.#tokens.length, !this.#isInFlow && this.#indent === this.#cursor.column);
  }

  #openIndent(column: number, type: Punctuation, start: number, token: number): void {
    if (this.#indent >= column) return;
    this.#indents.push(column);
    if (this.#indents.length > MAX_DEPTH) throw new Refusal(start, 'the text is nested too deeply');
    this.#insert(token, { type, start, end: start, column });
  }

  /** Inserts a token, or adds it at the end if its place was taken already. */
  #insert(at: number, token: Token): void {
    this.#tokens.splice(at < this.#taken ? this.#tokens.length : at, 0, token);
  }

  #closeIndents(column: number): void {
    if (this.#isInFlow) return;
    const { at: start } = this.#cursor;
    while (this.#indent > column) {
      this.#tokens.push({ type: 'block-end', start, end: start, column });
      this.#indents.pop();
    }
  }
}
