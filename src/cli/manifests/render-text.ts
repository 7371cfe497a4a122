/** One file of manifests, rendered: text in, text out. */
import { isDeepStrictEqual } from 'node:util';
import jsonpatch from 'fast-json-patch';
import { type Document, isCollection, isNode, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import { type AddOperation, pointer } from '../../core/additions/patch.ts';
import type { Outcome } from '../../core/decide/outcome.ts';
import { decideInjection } from '../../core/inject.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { editDocument, type Layout, printDocument, unshare, VERBATIM } from './edit-document.ts';
import { type PodTemplate, podTemplates } from './pod-templates.ts';

/** The decision for one pod of the file. */
export interface RenderedObject {
  readonly object: string;
  readonly outcome: Outcome;
  /** The operations, with paths from the root of the document. */
  readonly operations: readonly AddOperation[];
}

export interface RenderedText {
  readonly text: string;
  readonly objects: readonly RenderedObject[];
  /** What changed in the text beyond the injection, such as replaced aliases. */
  readonly notes: readonly string[];
}

/** A file that is not valid YAML: the place and a code, without the parser's message, which quotes the line. */
export interface UnreadableText {
  readonly line: number;
  readonly column: number;
  readonly code: string;
}

// More aliases than people write, fewer than a "billion laughs" file needs.
const MOST_ALIASES = 1000;

/** Renders every pod of a text. Documents without an injected pod stay as they are, byte for byte. */
export function renderText(
  source: string,
  defaultNamespace: string,
  settings: InjectionSettings,
): RenderedText | UnreadableText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, {
    lineCounter: lines,
    uniqueKeys: true,
    customTags: [VERBATIM],
  });
  if (!Array.isArray(documents)) return { text: source, objects: [], notes: [] };
  const layout = layoutOf(source, documents);
  const objects: RenderedObject[] = [];
  const notes: string[] = [];
  const texts: string[] = [];
  const expected: unknown[] = [];
  let from = source.startsWith('\ufeff') ? 1 : 0;
  if (from > 0) texts.push('\ufeff');
  for (const document of documents) {
    const error = document.errors[0];
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      return { line, column: col, code: error.code };
    }
    const data = dataOf(document);
    if (data instanceof TooManyAliases) return { line: 1, column: 1, code: 'TOO_MANY_ALIASES' };
    const rendered = podTemplates(data, defaultNamespace).map((one) => renderTemplate(one, settings));
    objects.push(...rendered);
    const operations = rendered.flatMap((one) => one.operations);
    const to = document.range[2];
    if (operations.length === 0) {
      expected.push(data);
      texts.push(source.slice(from, to));
    } else {
      const hadAliases = unshare(document, operations);
      const patched = patchedBy(operations, hadAliases ? dataOf(document) : data);
      expected.push(patched);
      if (hadAliases) {
        notes.push(
          `${rendered[0]?.object ?? 'a document'}: aliases were replaced by the values they refer to, because the injection changes a shared part`,
        );
      }
      editDocument(document, operations);
      const text = isJson(source) ? printJson(patched, layout) : printDocument(document, layout);
      texts.push(to === source.length && !source.endsWith('\n') ? text.trimEnd() : text);
    }
    from = to;
  }
  texts.push(source.slice(from));
  const text = texts.join('');
  const again = parseAllDocuments(text);
  if (!Array.isArray(again) || !isDeepStrictEqual(again.map(dataOf), expected)) {
    throw new Error('the rendered text differs from the patched object');
  }
  return { text, objects, notes };
}

class TooManyAliases {}

function dataOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch {
    return new TooManyAliases();
  }
}

function renderTemplate(template: PodTemplate, settings: InjectionSettings): RenderedObject {
  const outcome = decideInjection(template.pod, { namespace: template.namespace }, settings);
  const prefix = pointer(template.path);
  const patch = outcome.kind === 'injected' ? outcome.patch : [];
  const operations = patch.map((operation) => ({ ...operation, path: `${prefix}${operation.path}` }));
  return { object: template.object, outcome, operations };
}

function patchedBy(operations: readonly AddOperation[], data: unknown): unknown {
  return jsonpatch.applyPatch(structuredClone(data), structuredClone([...operations]), true).newDocument;
}

function isJson(source: string): boolean {
  if (!/^\ufeff?\s*\{/.test(source)) return false;
  try {
    JSON.parse(source);
    return true;
  } catch {
    return false;
  }
}

function printJson(data: unknown, { newline, indent }: Layout): string {
  return `${JSON.stringify(data, undefined, indent).replaceAll('\n', newline)}${newline}`;
}

function layoutOf(source: string, documents: readonly Document[]): Layout {
  const column = (offset: number): number => offset - source.lastIndexOf('\n', offset - 1);
  let indent: number | undefined;
  let indentSeq: boolean | undefined;
  for (const document of documents) {
    visit(document, {
      Pair: (_key, { key, value }) => {
        if (!isNode(key) || key.range == null || !isCollection(value) || value.range == null)
          return undefined;
        if (value.flow === true) return undefined;
        const deeper = column(value.range[0]) - column(key.range[0]);
        if (isSeq(value)) indentSeq ??= deeper > 0;
        else indent ??= deeper;
        return indent !== undefined && indentSeq !== undefined ? visit.BREAK : undefined;
      },
    });
  }
  return {
    newline: source.includes('\r\n') ? '\r\n' : '\n',
    indent: Math.max(indent ?? 2, 1),
    indentSeq: indentSeq ?? true,
  };
}
