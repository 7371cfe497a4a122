/** One file of manifests, rendered: text in, text out. */
import { type AddOperation, pointer } from '../../core/additions/patch.ts';
import type { Outcome } from '../../core/decide/outcome.ts';
import { decideInjection } from '../../core/inject.ts';
import { type PodTemplate, podTemplates } from '../../core/pod/pod-templates.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import type { InjectionSettings } from '../../core/settings.ts';
import { readDocuments, type SourceDocument } from '../yaml/documents.ts';
import { editFile } from './edit-file.ts';
import { misplaced } from './misplaced.ts';

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
  /** What the manifests probably do not mean. */
  readonly warnings: readonly string[];
}

/** A file that cannot be read or changed. */
export interface UnreadableText {
  readonly line: number;
  readonly column: number;
  /** What is wrong, without text of the file. */
  readonly wrong: string;
}

const BYTE_ORDER_MARK = '\ufeff';

/** Renders every pod of a text. Everything that the injection does not add stays as it is, byte for byte. */
export function renderText(
  file: string,
  defaultNamespace: string,
  settings: InjectionSettings,
): Result<RenderedText, UnreadableText> {
  const mark = file.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const source = file.slice(mark.length);
  const read = readDocuments(source);
  if (!read.ok)
    return failed(unreadable(source, read.problem.offset, `kubectl cannot read it: ${read.problem.wrong}`));
  const rendered = read.value.map((document) => renderDocument(document, defaultNamespace, settings));
  const edited = editFile(source, rendered);
  if (typeof edited === 'number') {
    const { origin = 0, root } = read.value[edited] ?? {};
    return failed(
      unreadable(
        source,
        origin + (root?.start ?? 0),
        'render cannot add to this document without changing other parts of it; write it in block style, without aliases and tags',
      ),
    );
  }
  const notes = rendered.flatMap(({ objects, document }, index) => [
    ...(edited.lostAliases[index] === true
      ? [
          `${objects[0]?.object ?? 'a document'}: aliases were replaced by the values they refer to, because the injection changes a shared part`,
        ]
      : []),
    ...(document.ignored === undefined
      ? []
      : [
          `kubectl ignores the text from line ${placeOf(source, document.ignored).line} to the next separator ("---")`,
        ]),
  ]);
  return ok({
    text: mark + edited.text,
    objects: rendered.flatMap(({ objects }) => objects),
    notes,
    warnings: rendered.flatMap(({ warnings }) => warnings),
  });
}

interface RenderedDocument {
  readonly document: SourceDocument;
  readonly objects: readonly RenderedObject[];
  readonly operations: readonly AddOperation[];
  readonly warnings: readonly string[];
}

function renderDocument(
  document: SourceDocument,
  defaultNamespace: string,
  settings: InjectionSettings,
): RenderedDocument {
  const data = asReviewed(document.data);
  const templates = podTemplates(data, defaultNamespace);
  const objects = templates.map((one) => renderTemplate(one, settings));
  const operations = objects.flatMap((one) => one.operations);
  return { document, objects, operations, warnings: misplaced(data, templates, defaultNamespace) };
}

/** As the webhook parses a review, with integers beyond 2^53 rounded. */
export function asReviewed(data: unknown): unknown {
  if (data === undefined) return undefined;
  return JSON.parse(
    JSON.stringify(data, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one)),
  );
}

function unreadable(text: string, offset: number, wrong: string): UnreadableText {
  return { ...placeOf(text, offset), wrong };
}

/** The line and column of an offset, from 1. */
export function placeOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, Math.max(offset, 0));
  return { line: before.split('\n').length, column: before.length - before.lastIndexOf('\n') };
}

function renderTemplate(template: PodTemplate, settings: InjectionSettings): RenderedObject {
  const outcome = decideInjection(template.pod, { namespace: template.namespace }, settings);
  const prefix = pointer(template.path);
  const patch = outcome.kind === 'injected' ? outcome.patch : [];
  const operations = patch.map((operation) => ({ ...operation, path: `${prefix}${operation.path}` }));
  return { object: template.object, outcome, operations };
}
