/** Splits a file into documents, as `kubectl apply -f` does (k8s.io/apimachinery/pkg/util/yaml). */
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { compose } from './composer.ts';
import { type Data, evaluate } from './evaluate.ts';
import { readJson, skipBlanks } from './json.ts';
import type { Node } from './nodes.ts';
import { Refusal } from './refusal.ts';

export interface SourceDocument {
  /** The places of the nodes are offsets in this text. */
  readonly text: string;
  /** Where this text starts in the file. */
  readonly origin: number;
  readonly isJson: boolean;
  readonly root: Node | undefined;
  /** Undefined for a document without data, which kubectl skips. */
  readonly data: Data | undefined;
  /** An offset in the file: kubectl ignores the text from here to the end of the document. */
  readonly ignored: number | undefined;
}

/** A file that kubectl cannot read. */
export interface UnreadableText {
  readonly offset: number;
  /** What is wrong, without text of the file. */
  readonly wrong: string;
}

/** go-yaml ignores one at the start of a stream, and one at the start of its first line. */
const BYTE_ORDER_MARKS = /^\ufeff{0,2}/;
// Go's unicode.IsSpace counts U+0085 and does not count the byte order mark.
const AFTER_SEPARATOR = /^(?:(?!\ufeff)[\s\u0085])*(?:#|$)/;
const CONTROL = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ufffd]/;

/** @returns the documents in order, without overlap; or the first reason why kubectl cannot read the file */
export function readDocuments(file: string): Result<readonly SourceDocument[], UnreadableText> {
  const documents: SourceDocument[] = [];
  for (const read of eachDocument(file)) {
    if (!read.ok) return failed(read.problem);
    documents.push(read.value);
  }
  return ok(documents);
}

/** A document of a file that kubectl may not be able to read. */
export interface UnreadableDocument extends UnreadableText {
  /** The offsets in the file between which nothing was read. */
  readonly from: number;
  readonly to: number;
}

/**
 * Reads one document after the other. One that kubectl cannot read does not keep the others from being read, although
 * kubectl itself would read none of the file.
 * @param longest the most characters of a YAML document, whose nodes take some fifty times as many bytes
 */
export function* eachDocument(
  file: string,
  longest = Number.POSITIVE_INFINITY,
): Generator<Result<SourceDocument, UnreadableDocument>> {
  let at = 0;
  if (/^(?:(?!\ufeff)[\s\u0085])*\{/.test(file)) {
    let count = 0;
    for (;;) {
      const from = skipBlanks(file, at);
      if (from === file.length) return;
      const root = readJson(file, from);
      if (root === undefined) break;
      yield attempt(from, root.end, () => jsonDocument(file, root));
      count += 1;
      at = root.end;
    }
    const next = attempt(at, file.length, () => {
      if (count > 1) throw new Refusal(skipBlanks(file, at), 'the text after a JSON object is not JSON');
      return afterBlanks(file, at);
    });
    if (!next.ok) {
      yield next;
      return;
    }
    at = next.value;
  }
  for (const { from, to, refusal } of chunks(file, at)) {
    yield attempt(from, to, () => {
      if (refusal !== undefined) throw refusal;
      if (to - from > longest) throw new Refusal(from, 'the YAML document is too large: split it');
      return yamlDocument(file, from, to);
    });
  }
}

function attempt<T>(from: number, to: number, read: () => T): Result<T, UnreadableDocument> {
  try {
    return ok(read());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failed({ offset: error.offset, wrong: error.message, from, to });
  }
}

/** kubectl ends every line with a line feed, and removes a carriage return only before one of the file's own. */
function withLineFeed(text: string): string {
  if (text.endsWith('\n')) return text;
  return text + (text.endsWith('\r') ? '\r\n' : '\n');
}

function jsonDocument(file: string, root: Node): SourceDocument {
  const data = evaluate(root) ?? undefined;
  return { text: file, origin: 0, isJson: true, root, data, ignored: undefined };
}

function yamlDocument(file: string, from: number, to: number): SourceDocument {
  const [marks = ''] = BYTE_ORDER_MARKS.exec(file.slice(from, from + 2)) ?? [];
  const origin = from + marks.length;
  const text = file.slice(origin, to);
  try {
    const control = CONTROL.exec(text);
    if (control !== null) throw new Refusal(control.index, 'kubectl does not accept control characters');
    const { root, ignored } = compose(withLineFeed(text));
    const data = root === undefined ? undefined : (evaluate(root) ?? undefined);
    return {
      ...{ text, origin, isJson: false, root, data },
      ignored: ignored === undefined ? undefined : origin + ignored,
    };
  } catch (error) {
    throw error instanceof Refusal ? new Refusal(origin + error.offset, error.message) : error;
  }
}

/** kubectl skips blanks, at most to the start of the next line, and needs four bytes after them. */
function afterBlanks(file: string, at: number): number {
  const pattern = at === 0 ? /^(?:(?![\n\ufeff])[\s\u0085])*/ : /^[ \t\r\f\v]*/;
  const [blanks = ''] = pattern.exec(file.slice(at, at + 4096)) ?? [];
  const next = at + blanks.length;
  const isAscii = /^[\n -~]/.test(file.slice(next, next + 1));
  if (Buffer.byteLength(file.slice(next, next + 4)) < 4 || (at > 0 && !isAscii))
    throw new Refusal(next, 'the text after a JSON object is not JSON');
  return file[next] === '\n' ? next + 1 : next;
}

interface Chunk {
  readonly from: number;
  readonly to: number;
  /** Why the chunk cannot be read, whatever it contains. */
  readonly refusal: Refusal | undefined;
}

/** The parts between lines that start with `---`. The first such line belongs to the document after it. */
function* chunks(file: string, start: number): Generator<Chunk> {
  let from = start;
  let isEmpty = true;
  let refusal: Refusal | undefined;
  for (let line = start; line < file.length; ) {
    const feed = file.indexOf('\n', line);
    const next = feed < 0 ? file.length : feed + 1;
    if (file.startsWith('---', line)) {
      const isSeparator = AFTER_SEPARATOR.test(file.slice(line + 3, next));
      if (!isSeparator)
        refusal ??= new Refusal(line, 'a line that starts with "---" can contain only a comment');
      if (!isEmpty && isSeparator) {
        yield { from, to: line, refusal };
        from = next;
        isEmpty = true;
        refusal = undefined;
        line = next;
        continue;
      }
    }
    isEmpty = false;
    line = next;
  }
  if (!isEmpty) yield { from, to: file.length, refusal };
}
