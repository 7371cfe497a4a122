/** The files of a view: values byte for byte, documents in another format, templates, and parts of PEM bundles. */
import { writeDocument } from '../formats/index.ts';
import { FORMAT_REPRESENTATIONS, MAX_SECRET_BYTES } from '../limits.ts';
import { keyFileFault, parentsOf } from '../names/paths.ts';
import { mayBeAbsent, type PlanDirectory, type PlanFile, type PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { pickPem } from '../secret/pem.ts';
import { SecretValue } from '../secret/secret-value.ts';
import { exceedsUtf8 } from '../utf8.ts';
import { expand } from './expand.ts';
import { select } from './select.ts';
import type { Place, Values } from './values.ts';

/** The room of a file in another format in its volume: see `representations`. */
const MOST_BYTES = FORMAT_REPRESENTATIONS * MAX_SECRET_BYTES;

export interface RenderedFile {
  /** Relative to the view's volume. */
  readonly path: string;
  readonly content: SecretValue;
  /** Permission bits. */
  readonly mode: number;
  /** Set for certificates, which may expire soon: their annotation and secret. */
  readonly certificatesOf?: { readonly subject: string; readonly arn: string };
}

export function renderFiles(view: PlanView, values: Values): readonly RenderedFile[] {
  const files = view.files.flatMap((entry) => renderFile(entry, view, values));
  const paths = { named: new Set(view.files.map((entry) => entry.path)), directories: directoriesOf(view) };
  return [...files, ...view.filesFrom.flatMap((entry) => expandFiles(entry, view, paths, values))];
}

/** Paths that a key of a secret may have as well. */
interface Paths {
  /** Files that are requested by name, which take precedence even if they are absent. */
  readonly named: ReadonlySet<string>;
  /** Directories, which no file can replace, each with its annotation. */
  readonly directories: ReadonlyMap<string, string>;
}

function directoriesOf(view: PlanView): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const entry of view.filesFrom)
    for (const path of [entry.directory, ...parentsOf(entry.directory)])
      taken.set(path, subjectOf.filesFrom(entry));
  for (const entry of view.files)
    for (const path of parentsOf(entry.path)) taken.set(path, subjectOf.files(entry));
  return taken;
}

function renderFile(entry: PlanFile, view: PlanView, values: Values): readonly RenderedFile[] {
  const subject = subjectOf.files(entry);
  const place = { subject, secret: entry.secret };
  const content = contentOf(entry, place, values);
  if (content === undefined) return [];
  if (content.revealBytes() === undefined) {
    values.addInvalidUnicode(place);
    return [];
  }
  const arn = values.arnOf(entry.secret);
  const certificates = entry.pem === 'certificates' ? { certificatesOf: { subject, arn } } : {};
  return [{ path: entry.path, content, mode: bits(entry.mode ?? view.fileMode), ...certificates }];
}

function contentOf(entry: PlanFile, place: Place, values: Values): SecretValue | undefined {
  if (entry.template !== undefined) return filled(entry, entry.template, place, values);
  if (entry.format !== undefined) return converted(entry, entry.format, place, values);
  if (entry.pem === undefined) return select(entry, place.subject, values);
  // The default is written unchanged, so it must not be selected as a bundle.
  const { default: _, ...found } = entry;
  const optional = mayBeAbsent(entry) ? ({ optional: true } as const) : {};
  const bundle = select({ ...found, ...optional }, place.subject, values);
  if (bundle === undefined) return defaultOf(entry);
  const part = pickPem(bundle, entry.pem);
  if (part.ok) return part.value;
  values.findings.add(unusable(place, values, part.problem, 'store a PEM bundle, or remove pem'));
  return undefined;
}

function defaultOf({ default: text }: PlanFile): SecretValue | undefined {
  return text === undefined ? undefined : new SecretValue(text);
}

function filled(entry: PlanFile, template: string, place: Place, values: Values): SecretValue | undefined {
  const whole = values.wholeOf(entry);
  const document = whole === undefined ? undefined : values.documentOf(whole, place);
  if (document === undefined) return undefined;
  const { renderTemplate } = values.engines;
  if (renderTemplate === undefined) throw new TypeError('this plan needs the template engine');
  const rendered = renderTemplate(template, entry.escape, document);
  if (rendered.ok) return new SecretValue(rendered.value);
  for (const problem of rendered.problem) {
    values.findings.add({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject: place.subject,
      wrong: `the template, filled from secret ${values.arnOf(entry.secret)}, ${problem}`,
      expected: 'correct the template or the secret',
    });
  }
  return undefined;
}

function converted(
  entry: PlanFile,
  format: PlanView['format'],
  place: Place,
  values: Values,
): SecretValue | undefined {
  const whole = values.wholeOf(entry);
  if (whole === undefined) return defaultOf(entry);
  const document = values.documentOf(whole, place);
  if (document === undefined) return undefined;
  const written = writeDocument(format, document.root);
  if (written.ok) {
    if (!exceedsUtf8(written.value, MOST_BYTES)) return new SecretValue(written.value);
    const fault = `takes more than ${MOST_BYTES / 1024} KiB in the format ${format}`;
    values.findings.add(
      unusable(place, values, fault, 'store JSON with less nesting, or select another format'),
    );
    return undefined;
  }
  for (const { name, fault } of written.problem) {
    values.findings.add({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject: place.subject,
      wrong: `${name === '' ? '' : `key ${quote(name)} of `}secret ${values.arnOf(place.secret)} ${fault}, which the format ${format} cannot represent`,
      expected: 'change the value, or select another format',
    });
  }
  return undefined;
}

function expandFiles(
  entry: PlanDirectory,
  view: PlanView,
  { named, directories }: Paths,
  values: Values,
): readonly RenderedFile[] {
  const place = { subject: subjectOf.filesFrom(entry), secret: entry.secret };
  const mode = bits(entry.mode ?? view.fileMode);
  return expand(entry, place, values).flatMap(([key, text]) => {
    const path = `${entry.directory}/${key}`;
    if (named.has(path)) return [];
    const takenBy = directories.get(path);
    if (takenBy !== undefined && entry.onCollision === 'skip') return [];
    const fault = keyFileFault(key);
    if (fault !== undefined) values.findings.add(notAFile(key, fault, place));
    else if (takenBy !== undefined) values.findings.add(pathTaken(key, takenBy, place));
    else if (!text.isWellFormed()) values.addInvalidUnicode(place);
    else {
      values.deliver(entry.secret, key);
      return [{ path, content: new SecretValue(text), mode }];
    }
    return [];
  });
}

function bits(mode: string): number {
  return Number.parseInt(mode, 8);
}

function notAFile(key: string, fault: string, { subject }: Place): FetchProblem {
  return {
    code: 'VALUE_NAME_INVALID',
    subject,
    wrong: `key ${quote(key)} is not a valid file name: it ${fault}`,
    expected: 'rename the key in the secret, or exclude it in the YAML form',
  };
}

function pathTaken(key: string, takenBy: string, { subject }: Place): FetchProblem {
  return {
    code: 'VALUE_NAME_TAKEN',
    subject,
    wrong: `${takenBy} already provides a directory with the name of key ${quote(key)}`,
    expected: 'remove one of the two, or set onCollision to skip',
  };
}

function unusable(place: Place, values: Values, fault: string, expected: string): FetchProblem {
  return {
    code: 'VALUE_NOT_REPRESENTABLE',
    subject: place.subject,
    wrong: `secret ${values.arnOf(place.secret)} ${fault}`,
    expected,
  };
}
