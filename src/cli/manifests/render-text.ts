/** One file of manifests, rendered: text in, text out. */
import { isDeepStrictEqual } from 'node:util';
import jsonpatch from 'fast-json-patch';
import { type Document, LineCounter, parseAllDocuments, visit } from 'yaml';
import { type AddOperation, pointer } from '../../core/additions/patch.ts';
import type { Outcome } from '../../core/decide/outcome.ts';
import { decideInjection } from '../../core/inject.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { editDocument, unshare } from './edit-document.ts';
import { type PodTemplate, podTemplates } from './pod-templates.ts';
import { printDocument, printJson, sourceTags } from './print-document.ts';

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

const BYTE_ORDER_MARK = '\ufeff';

const PARSE_OPTIONS = {
  // Otherwise the parser writes warnings to standard error, and they quote the manifest.
  logLevel: 'error',
  // kubectl reads YAML 1.1: added text such as "yes" and "ON" needs quotes.
  compat: 'yaml-1.1',
} as const;

/** Renders every pod of a text. Documents without an injected pod stay as they are, byte for byte. */
export function renderText(
  file: string,
  defaultNamespace: string,
  settings: InjectionSettings,
): Result<RenderedText, UnreadableText> {
  const mark = file.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const source = file.slice(mark.length);
  const lines = new LineCounter();
  const documents = parseAllDocuments(source, {
    ...PARSE_OPTIONS,
    lineCounter: lines,
    customTags: sourceTags(source),
  });
  if (!Array.isArray(documents)) return ok({ text: file, objects: [], notes: [] });
  const objects: RenderedObject[] = [];
  const notes: string[] = [];
  const texts: string[] = [];
  const expected: unknown[] = [];
  let from = 0;
  for (const document of documents) {
    const error = document.errors[0];
    if (error !== undefined) return failed(unreadable(error.code, error.pos[0], lines));
    const data = dataOf(document);
    if (data === undefined) return failed(aliasProblem(document, lines));
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
      const text = printJson(patched, source) ?? printDocument(document, source);
      texts.push(to === source.length && !source.endsWith('\n') ? text.trimEnd() : text);
    }
    from = to;
  }
  texts.push(source.slice(from));
  const text = texts.join('');
  const again = parseAllDocuments(text, PARSE_OPTIONS);
  if (!Array.isArray(again) || !isDeepStrictEqual(again.map(dataOf), expected)) {
    throw new Error('the rendered text differs from the patched object');
  }
  return ok({ text: mark + text, objects, notes });
}

/** @returns undefined if an alias has no anchor, or if aliases multiply the data */
function dataOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch {
    return undefined;
  }
}

function aliasProblem(document: Document, lines: LineCounter): UnreadableText {
  let unresolved: number | undefined;
  visit(document, {
    Alias: (_key, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      unresolved = alias.range?.[0];
      return visit.BREAK;
    },
  });
  return unresolved === undefined
    ? unreadable('TOO_MANY_ALIASES', document.range?.[0] ?? 0, lines)
    : unreadable('UNRESOLVED_ALIAS', unresolved, lines);
}

function unreadable(code: string, offset: number, lines: LineCounter): UnreadableText {
  const { line, col } = lines.linePos(offset);
  return { line, column: col, code };
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
