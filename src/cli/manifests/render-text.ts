/** One file of manifests, rendered: text in, text out. */
import { isDeepStrictEqual } from 'node:util';
import jsonpatch, { type Operation } from 'fast-json-patch';
import { type Document, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml';
import { pointer } from '../../core/additions/patch.ts';
import type { Outcome } from '../../core/decide/outcome.ts';
import { decideInjection } from '../../core/inject.ts';
import { asArray, field } from '../../core/json.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { type ListInsertion, listInsertions } from './list-insertions.ts';
import { type Path, type PodTemplate, podTemplates } from './pod-templates.ts';
import { applyEdits, CannotEdit, type Edit, editsFor, type SourceStyle } from './source-edits.ts';

/** What came of one pod of the file. */
export interface RenderedObject {
  readonly object: string;
  readonly outcome: Outcome;
  /** The operations with paths from the document's top. */
  readonly operations: readonly Operation[];
}

export interface RenderedText {
  readonly text: string;
  readonly objects: readonly RenderedObject[];
  /** What people should know, such as comments that could not be kept. */
  readonly notes: readonly string[];
}

/** A file that is no YAML: where, but not what, since the parser's message quotes the line. */
export interface UnreadableText {
  readonly line: number;
  readonly column: number;
  readonly code: string;
}

// More aliases than any person writes, fewer than a "billion laughs" needs.
const MOST_ALIASES = 1000;

/** Renders every pod of a text. @returns where the text cannot be read, if it cannot */
export function renderText(
  source: string,
  defaultNamespace: string,
  settings: InjectionSettings,
): RenderedText | UnreadableText {
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, {
    keepSourceTokens: true,
    lineCounter: lines,
    uniqueKeys: true,
  });
  if (!Array.isArray(documents)) return { text: source, objects: [], notes: [] };
  const objects: RenderedObject[] = [];
  const edits: Edit[] = [];
  const notes: string[] = [];
  const style = styleOf(source, documents);
  const expected: unknown[] = [];
  for (const [index, document] of documents.entries()) {
    const error = document.errors[0];
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      return { line, column: col, code: error.code };
    }
    const data = dataOf(document);
    if (data instanceof TooManyAliases) return { line: 1, column: 1, code: 'TOO_MANY_ALIASES' };
    const templates = podTemplates(data, defaultNamespace);
    const rendered = templates.map((template) => renderTemplate(template, settings));
    objects.push(...rendered);
    const operations = rendered.flatMap((one) => one.operations);
    const patched = jsonpatch.applyPatch(structuredClone(data), structuredClone(operations), true)
      .newDocument as unknown;
    expected.push(patched);
    if (operations.length === 0) continue;
    const insertions = templates.flatMap((template, nth) => insertionsFor(template, rendered[nth], data));
    const own = tryEdits(document, source, insertions, style);
    if (own !== undefined && isEditRight(source, own, index, patched)) edits.push(...own);
    else {
      const [from, , to] = document.range;
      document.contents = document.createNode(patched) as typeof document.contents;
      edits.push({
        from,
        to,
        text: document.toString({ lineWidth: 0, indentSeq: style.indentSeq }),
        column: 0,
      });
      notes.push(
        `${templates[0]?.object ?? 'a document'}: written anew, because anchors or its layout leave no room to insert; comments in it are lost`,
      );
    }
  }
  const text = applyEdits(source, edits);
  const again = parseAllDocuments(text);
  if (!Array.isArray(again) || !isDeepStrictEqual(again.map(dataOf), expected)) {
    throw new Error('the rendered text does not say what the patch says');
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

function insertionsFor(
  template: PodTemplate,
  rendered: RenderedObject | undefined,
  data: unknown,
): readonly ListInsertion[] {
  if (rendered?.outcome.kind !== 'injected') return [];
  const lengthOf = (path: Path): number => {
    const list = path.reduce<unknown>(
      (node, key) => (typeof key === 'number' ? asArray(node)?.[key] : field(node, key)),
      data,
    );
    return asArray(list)?.length ?? 0;
  };
  return listInsertions(rendered.outcome.patch, template.path, lengthOf);
}

function tryEdits(
  document: Document,
  source: string,
  insertions: readonly ListInsertion[],
  style: SourceStyle,
): readonly Edit[] | undefined {
  try {
    return insertions
      .filter((one) => one.groups.length > 0)
      .flatMap((one) => editsFor(document, source, one, style));
  } catch (error) {
    if (error instanceof CannotEdit) return undefined;
    throw error;
  }
}

/** Whether a document says what it must after its edits: layout is too rich to be sure without looking. */
function isEditRight(source: string, edits: readonly Edit[], index: number, patched: unknown): boolean {
  const documents = parseAllDocuments(applyEdits(source, edits));
  const document = Array.isArray(documents) ? documents[index] : undefined;
  return (
    document !== undefined && document.errors.length === 0 && isDeepStrictEqual(dataOf(document), patched)
  );
}

function styleOf(source: string, documents: readonly Document[]): SourceStyle {
  let indentSeq = true;
  for (const document of documents) {
    visit(document, {
      Pair: (_key, pair) => {
        const { key, value } = pair as { key: { range?: readonly number[] }; value: unknown };
        const keyAt = key.range?.[0];
        if (!isSeq(value) || value.flow === true || value.range == null || keyAt === undefined)
          return undefined;
        const column = (offset: number): number => offset - source.lastIndexOf('\n', offset - 1);
        indentSeq = column(value.range[0]) > column(keyAt);
        return visit.BREAK;
      },
    });
  }
  return { newline: source.includes('\r\n') ? '\r\n' : '\n', indentSeq };
}
