/** Lints one document: its pods, and annotations in other places. */
import type { LintFinding } from '../../core/advice/lint/finding.ts';
import { type LintSettings, lintAnnotations, lintPod } from '../../core/advice/lint/lint-pod.ts';
import { levelOf } from '../../core/advice/lint/rules.ts';
import { asObject, field, integerField, textField } from '../../core/json.ts';
import { PREFIX } from '../../core/names/prefix.ts';
import { type Path, type PodTemplate, podTemplates } from '../../core/pod/pod-templates.ts';
import { printable } from '../../core/problems/quote.ts';
import { findMisplaced, type Misplaced } from '../manifests/misplaced.ts';
import { asReviewed } from '../manifests/render-text.ts';
import type { SourceDocument } from '../yaml/documents.ts';
import type { Fix } from './fixes.ts';
import { offsetAt } from './source-places.ts';

/** Further findings of a pod, and further misplaced annotations of an object, are dropped: finding their places costs work. */
const MOST_IN_OBJECT = 1000;
/** Every spelling of the prefix that a rule knows contains this; YAML can only hide it in escapes and in binary data. */
const MENTION = /inject|\\|!!binary/i;

/** A finding with its place in the file. */
export interface Located {
  readonly object: string;
  readonly finding: LintFinding;
  readonly offset: number;
  readonly fix: Fix | undefined;
}

export interface DocumentContext {
  /** Of objects without `metadata.namespace`. */
  readonly namespace: string;
  readonly settings: LintSettings;
  /** Whether the user named this file, and does not only search its folder: it then must be readable. */
  readonly isNamed: boolean;
}

/** Whether a text that cannot be read has annotations of the injector. */
export function mentionsInjector(text: string): boolean {
  return text.toLowerCase().includes(PREFIX.slice(0, -1));
}

/** Lints a document. @returns the findings in no order */
export function lintDocument(
  document: SourceDocument,
  { namespace, settings, isNamed }: DocumentContext,
): readonly Located[] {
  const { root, text, origin, isJson, ignored } = document;
  const own = isJson ? text.slice(root?.start, root?.end) : text;
  const isIgnored = ignored !== undefined && (isNamed || mentionsInjector(text.slice(ignored - origin)));
  const found: Located[] = isIgnored ? [ignoredText(ignored)] : [];
  if (!MENTION.test(own)) return found;
  const data = asReviewed(document.data);
  const templates = podTemplates(data, namespace);
  for (const template of templates) {
    const pod = {
      json: template.owner.kind === 'Pod' ? template.owner.content : template.pod,
      namespace: template.namespace,
      jobDeadline: jobDeadline(template),
    };
    for (const finding of lintPod(pod, settings).slice(0, MOST_IN_OBJECT))
      found.push(locate(document, template, finding));
  }
  for (const one of findMisplaced(data, templates, namespace))
    found.push(
      ...(one.isOwn || one.template !== undefined
        ? misplacedFindings(document, data, one)
        : inOtherPlace(document, data, one, settings)),
    );
  return withoutUncertain(found);
}

/** An alias that seems unused can be used by an annotation that has a mistake itself. */
function withoutUncertain(found: readonly Located[]): readonly Located[] {
  const isError = ({ rule, level = levelOf(rule) }: LintFinding): boolean => level === 'error';
  const faulty = new Set(found.filter(({ finding }) => isError(finding)).map(({ object }) => object));
  return found.map((one) =>
    one.fix?.change.kind === 'remove' && faulty.has(one.object) ? { ...one, fix: undefined } : one,
  );
}

/** kubectl reads one document between two separators. */
function ignoredText(offset: number): Located {
  const message = 'kubectl ignores the text from here to the next line "---"';
  const finding: LintFinding = { rule: 'MANIFEST_TEXT_IGNORED', subject: '', message, place: { path: [] } };
  return { object: '', finding, offset, fix: undefined };
}

/** The deadline of a Job, next to its template. */
function jobDeadline({ owner, path }: PodTemplate): number | undefined {
  const isJob = owner.kind === 'Job' || owner.kind === 'CronJob';
  if (!isJob) return undefined;
  const inner = path.slice(owner.path.length, -1);
  return integerField(
    inner.reduce<unknown>((node, key) => field(node, String(key)), owner.content),
    'activeDeadlineSeconds',
  );
}

function locate(document: SourceDocument, { path, object }: PodTemplate, finding: LintFinding): Located {
  const { place } = finding;
  const full = [...path, ...place.path];
  return {
    object: printable(object, 400),
    finding,
    offset: offsetAt(document, full, place.offset),
    fix: fixAt(full, finding),
  };
}

function fixAt(path: Path, { fix }: LintFinding): Fix | undefined {
  return fix === undefined ? undefined : { map: path.slice(0, -1), key: String(path.at(-1)), change: fix };
}

/** The annotations of a workload, or of another part of an object with a pod template. */
function misplacedFindings(
  document: SourceDocument,
  data: unknown,
  { object, path, isOwn, template }: Misplaced,
): readonly Located[] {
  const keys = Object.keys(asObject(valueAt(data, path)) ?? {});
  const target = template === undefined ? undefined : [...template.path, 'metadata', 'annotations'];
  const known = asObject(field(field(template?.pod, 'metadata'), 'annotations')) ?? {};
  return keys
    .filter((key) => key.toLowerCase().startsWith(PREFIX))
    .slice(0, MOST_IN_OBJECT)
    .map((key): Located => {
      const right = target?.slice(object.path.length).join('.');
      const message =
        right === undefined
          ? `the injector reads annotations of pods only; if ${printable(object.kind)} creates pods, move the annotation into its pod template`
          : `the injector reads annotations of pods only; move the annotation to ${right}`;
      const isMovable = isOwn && template !== undefined && !Object.hasOwn(known, key);
      return {
        object: printable(object.name, 400),
        finding: {
          rule: 'ANNOTATION_MISPLACED',
          ...(isOwn && template !== undefined ? {} : { level: 'warning' }),
          subject: printable(key),
          message,
          place: { path: [...path, key] },
        },
        offset: offsetAt(document, [...path, key]),
        fix: isMovable ? { map: path, key, change: { kind: 'move', template: template.path } } : undefined,
      };
    });
}

/** Annotations that a controller or a chart copies to pods, such as `podAnnotations`. */
function inOtherPlace(
  document: SourceDocument,
  data: unknown,
  { object, path }: Misplaced,
  settings: LintSettings,
): readonly Located[] {
  const annotations = asObject(valueAt(data, path)) ?? {};
  const isTemplated = Object.keys(annotations).some(
    (key) => textField(annotations, key)?.startsWith('{{') === true,
  );
  if (isTemplated) return [];
  const pod = { json: { metadata: { annotations } }, namespace: object.namespace };
  const findings = lintAnnotations(pod, settings).slice(0, MOST_IN_OBJECT);
  return findings.map((finding) => {
    const full = [...path, ...finding.place.path.slice(2)];
    return {
      object: printable(object.name, 400),
      finding,
      offset: offsetAt(document, full, finding.place.offset),
      fix: fixAt(full, finding),
    };
  });
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (node, key) => (typeof key === 'number' ? (node as unknown[] | undefined)?.[key] : field(node, key)),
    data,
  );
}
