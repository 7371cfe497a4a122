/** Migrates the pods of several files together: an object of one file is used by pods of another one. */
import { type AddOperation, pointer } from '../../core/additions/patch.ts';
import { type Migration, migrate } from '../../core/advice/migrate/migrate.ts';
import type { PodChange } from '../../core/advice/migrate/migrate-pod.ts';
import type { SourceObject } from '../../core/advice/migrate/model.ts';
import type { MigrateOptions } from '../../core/advice/migrate/options.ts';
import { asObject, field, textField } from '../../core/json.ts';
import { objectsOf, type PodTemplate, podTemplates } from '../../core/pod/pod-templates.ts';
import { wholePlaces } from '../../core/pod/without-paths.ts';
import { failed, ok, type Result } from '../../core/problems/result.ts';
import { readDocuments, type SourceDocument } from '../yaml/documents.ts';
import { type Change, editFile } from './edit-file.ts';
import type { Splice } from './lines.ts';
import { asReviewed, placeOf } from './render-text.ts';

export interface FileText {
  readonly name: string;
  readonly text: string;
}

export interface MigratedFile extends FileText {
  /** The new text. */
  readonly migrated: string;
  readonly splices: readonly Splice[];
  /** What changed in the layout, a line each. */
  readonly notes: readonly string[];
}

export interface MigratedFiles {
  readonly files: readonly MigratedFile[];
  readonly migration: Migration;
}

interface ReadFile extends FileText {
  readonly documents: readonly {
    readonly source: SourceDocument;
    readonly templates: readonly PodTemplate[];
  }[];
  readonly objects: readonly SourceObject[];
}

/** @returns the files with the migrated pods, or a line for each file that cannot be read */
export function migrateFiles(
  files: readonly FileText[],
  defaultNamespace: string,
  options: Omit<MigrateOptions, 'parseYaml'>,
): Result<MigratedFiles, readonly string[]> {
  const read = files.map((file) => readFile(file, defaultNamespace));
  const problems = read.flatMap((file) => (file.ok ? [] : [file.problem]));
  if (problems.length > 0) return failed(problems);
  const readable = read.flatMap((file) => (file.ok ? [file.value] : []));
  const templates = readable.flatMap(({ documents }) => documents.flatMap((document) => document.templates));
  const migration = migrate(
    readable.flatMap(({ objects }) => objects),
    templates.map(({ object, namespace, pod }) => ({ title: object, namespace, pod })),
    { ...options, parseYaml },
  );
  const changes = new Map(templates.map((template, index) => [template, migration.changes[index]]));
  return ok({ files: readable.map((file) => edit(file, changes)), migration });
}

function readFile({ name, text }: FileText, defaultNamespace: string): Result<ReadFile, string> {
  const source = text.replace(/^\ufeff/, '');
  const read = readDocuments(source);
  if (!read.ok) {
    const { line, column } = placeOf(source, read.problem.offset);
    return failed(`${name}:${line}:${column}: kubectl cannot read it: ${read.problem.wrong}`);
  }
  const documents = read.value.map((document) => ({ document, data: asReviewed(document.data) }));
  return ok({
    name,
    text,
    documents: documents.map(({ document, data }) => ({
      source: document,
      templates: podTemplates(data, defaultNamespace),
    })),
    objects: documents.flatMap(({ data }) => objectsOf(data, defaultNamespace).map(objectOf)),
  });
}

function objectOf({
  content,
  kind,
  namespace,
  name: title,
}: ReturnType<typeof objectsOf>[number]): SourceObject {
  return {
    apiVersion: textField(content, 'apiVersion') ?? '',
    kind,
    namespace,
    name: textField(field(content, 'metadata'), 'name') ?? '',
    title,
    content,
  };
}

/** The field `objects` of a SecretProviderClass is text in YAML, which Go reads as kubectl reads manifests. */
function parseYaml(text: string): unknown {
  const read = readDocuments(text);
  return read.ok && read.value.length === 1 ? asReviewed(read.value[0]?.data) : undefined;
}

function edit(
  { name, text, documents }: ReadFile,
  changes: ReadonlyMap<PodTemplate, PodChange | undefined>,
): MigratedFile {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : '';
  const source = text.slice(mark.length);
  const wanted: Change[] = documents.map(({ source: document, templates }) => {
    const parts = templates.flatMap((template) => {
      const change = changes.get(template);
      return change === undefined ? [] : [{ template, change }];
    });
    return {
      document,
      operations: parts.flatMap(({ template, change }) => annotationOperations(template, change)),
      removes: parts.flatMap(({ template, change }) =>
        wholePlaces(template.pod, change.removes).map((path) => [...template.path, ...path]),
      ),
    };
  });
  const notes: string[] = [];
  for (;;) {
    const edited = editFile(source, wanted);
    if (typeof edited !== 'number') {
      const splices = edited.splices.map((splice) => ({ ...splice, at: splice.at + mark.length }));
      return { name, text, migrated: mark + edited.text, splices, notes };
    }
    const change = wanted[edited];
    // A document that is printed from its data always fits.
    if (change === undefined || change.reprints === true) throw new Error('a document cannot be printed');
    wanted[edited] = { ...change, reprints: true };
    notes.push(
      `${name}: the document at line ${placeOf(source, change.document.origin).line} is printed anew, without its comments, because its layout does not allow the change`,
    );
  }
}

function annotationOperations(
  { path, pod }: PodTemplate,
  { annotations }: PodChange,
): readonly AddOperation[] {
  const metadata = field(pod, 'metadata');
  const at = pointer(path);
  const own = asObject(field(metadata, 'annotations'));
  if (own !== undefined)
    return Object.entries(annotations).map(([key, value]) => ({
      op: 'add',
      path: `${at}${pointer(['metadata', 'annotations', key])}`,
      value,
    }));
  if (asObject(metadata) !== undefined)
    return [{ op: 'add', path: `${at}/metadata/annotations`, value: annotations }];
  return [{ op: 'add', path: `${at}/metadata`, value: { annotations } }];
}
