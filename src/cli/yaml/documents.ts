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

const BYTE_ORDER_MARK = '\ufeff';
// Go's unicode.IsSpace counts U+0085 and does not count the byte order mark.
const AFTER_SEPARATOR = /^(?:(?!\ufeff)[\s\u0085])*(?:#|$)/;
const CONTROL = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ufffd]/;

/** @returns the documents in order, without overlap */
export function readDocuments(file: string): Result<readonly SourceDocument[], UnreadableText> {
  try {
    return ok(readAll(file));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failed({ offset: error.offset, wrong: error.message });
  }
}

/** kubectl ends every line with a line feed, and removes a carriage return only before one of the file's own. */
function withLineFeed(text: string): string {
  if (text.endsWith('\n')) return text;
  return text + (text.endsWith('\r') ? '\r\n' : '\n');
}

/** @throws Refusal */
function readAll(file: string): readonly SourceDocument[] {
  const documents: SourceDocument[] = [];
  let at = 0;
  if (/^(?:(?!\ufeff)[\s\u0085])*\{/.test(file)) {
    for (;;) {
      const from = skipBlanks(file, at);
      if (from === file.length) return documents;
      const root = readJson(file, from);
      if (root === undefined) break;
      documents.push(jsonDocument(file, root));
      at = root.end;
    }
    if (documents.length > 1)
      throw new Refusal(skipBlanks(file, at), 'the text after a JSON object is not JSON');
    at = afterBlanks(file, at);
  }
  for (const [from, to] of chunks(file, at)) documents.push(yamlDocument(file, from, to));
  return documents;
}

function jsonDocument(file: string, root: Node): SourceDocument {
  const data = evaluate(root) ?? undefined;
  return { text: file, origin: 0, isJson: true, root, data, ignored: undefined };
}

function yamlDocument(file: string, from: number, to: number): SourceDocument {
  const origin = file[from] === BYTE_ORDER_MARK ? from + 1 : from;
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

/** The parts between lines that start with `---`. The first such line belongs to the document after it. */
function* chunks(file: string, start: number): Generator<readonly [number, number]> {
  let from = start;
  let isEmpty = true;
  for (let line = start; line < file.length; ) {
    const feed = file.indexOf('\n', line);
    const next = feed < 0 ? file.length : feed + 1;
    if (file.startsWith('---', line)) {
      if (!AFTER_SEPARATOR.test(file.slice(line + 3, next)))
        throw new Refusal(line, 'a line that starts with "---" can contain only a comment');
      if (!isEmpty) {
        yield [from, line];
        from = next;
        isEmpty = true;
        line = next;
        continue;
      }
    }
    isEmpty = false;
    line = next;
  }
  if (!isEmpty) yield [from, file.length];
}
