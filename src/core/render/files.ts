/** The files of a view: values byte for byte, documents in another dialect, templates, parts of a bundle. */
import { writeDocument } from '../formats/index.ts';
import { FORMAT_REPRESENTATIONS, MAX_SECRET_BYTES } from '../limits.ts';
import { keyFileFault, parentsOf } from '../names/paths.ts';
import { mayBeAbsent, type PlanDirectory, type PlanFile, type PlanView } from '../plan/plan.ts';
import { subjectOf } from '../plan/plan-subjects.ts';
import type { FetchProblem } from '../problems/problems.ts';
import { quote } from '../problems/quote.ts';
import { pickPem } from '../secret/pem.ts';
import { SecretValue } from '../secret/secret-value.ts';
import { spread } from './expand.ts';
import { select } from './select.ts';
import type { Place, Values } from './values.ts';

const MOST_BYTES = FORMAT_REPRESENTATIONS * MAX_SECRET_BYTES;

export interface RenderedFile {
  /** Relative to the view's volume. */
  readonly path: string;
  readonly content: SecretValue;
  /** Permission bits. */
  readonly mode: number;
  /** Set for certificates, whose end may be near: who asked, and for which secret. */
  readonly certificatesOf?: { readonly subject: string; readonly arn: string };
}

export function renderFiles(view: PlanView, values: Values): readonly RenderedFile[] {
  const files = view.files.flatMap((entry) => renderFile(entry, view, values));
  const taken = takenPaths(view);
  return [...files, ...view.filesFrom.flatMap((entry) => spreadFiles(entry, view, taken, values))];
}

/** Paths that no key can have, each with who has it: those of files, and of directories that others need. */
function takenPaths(view: PlanView): ReadonlyMap<string, string> {
  const taken = new Map<string, string>();
  for (const entry of view.filesFrom)
    for (const path of [entry.directory, ...parentsOf(entry.directory)])
      taken.set(path, subjectOf.filesFrom(entry));
  for (const entry of view.files)
    for (const path of [entry.path, ...parentsOf(entry.path)]) taken.set(path, subjectOf.files(entry));
  return taken;
}

function renderFile(entry: PlanFile, view: PlanView, values: Values): readonly RenderedFile[] {
  const subject = subjectOf.files(entry);
  const place = { subject, secret: entry.secret };
  const content = contentOf(entry, place, values);
  if (content === undefined) return [];
  if (content.revealBytes() === undefined) {
    values.complainOfEncoding(place);
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
  // What stands in is written as it is, so it must not come back as something to take a part of.
  const { default: _, ...found } = entry;
  const optional = mayBeAbsent(entry) ? ({ optional: true } as const) : {};
  const bundle = select({ ...found, ...optional }, place.subject, values);
  if (bundle === undefined) return standIn(entry);
  const part = pickPem(bundle, entry.pem);
  if ('content' in part) return part.content;
  values.complain(unusable(place, values, part.fault, 'store a bundle in PEM, or leave pem out'));
  return undefined;
}

/** The default, if there is one. */
function standIn({ default: text }: PlanFile): SecretValue | undefined {
  return text === undefined ? undefined : new SecretValue(text);
}

function filled(entry: PlanFile, template: string, place: Place, values: Values): SecretValue | undefined {
  const whole = values.wholeOf(entry);
  const document = whole === undefined ? undefined : values.documentOf(whole, place);
  if (document === undefined) return undefined;
  const { renderTemplate } = values.engines;
  if (renderTemplate === undefined) throw new TypeError('this plan needs the engine of templates');
  const result = renderTemplate(template, entry.escape, document);
  if ('text' in result) return new SecretValue(result.text);
  for (const problem of result.problems) {
    values.complain({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject: place.subject,
      wrong: `the template, filled from the secret ${values.arnOf(entry.secret)}, ${problem}`,
      expected: 'mend the template or the secret',
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
  if (whole === undefined) return standIn(entry);
  const document = values.documentOf(whole, place);
  if (document === undefined) return undefined;
  const written = writeDocument(format, document.root);
  if ('text' in written) {
    if (!isTooLong(written.text)) return new SecretValue(written.text);
    const fault = `grows to more than ${MOST_BYTES / 1024} KiB in the dialect ${format}`;
    values.complain(unusable(place, values, fault, 'store it less deeply nested, or choose another format'));
    return undefined;
  }
  for (const { name, fault } of written.faults) {
    values.complain({
      code: 'VALUE_NOT_REPRESENTABLE',
      subject: place.subject,
      wrong: `${name === '' ? 'the secret' : `the key ${quote(name)} of the secret`} ${values.arnOf(place.secret)} ${fault}, which the dialect ${format} cannot carry`,
      expected: 'store it otherwise, or choose another format',
    });
  }
  return undefined;
}

/** Whether a file is larger than its room in the volume: see `representations`. */
function isTooLong(text: string): boolean {
  return text.length > MOST_BYTES || new TextEncoder().encode(text).length > MOST_BYTES;
}

function spreadFiles(
  entry: PlanDirectory,
  view: PlanView,
  taken: ReadonlyMap<string, string>,
  values: Values,
): readonly RenderedFile[] {
  const place = { subject: subjectOf.filesFrom(entry), secret: entry.secret };
  const mode = bits(entry.mode ?? view.fileMode);
  return spread(entry, place, values).flatMap(([key, text]) => {
    const path = `${entry.directory}/${key}`;
    const takenBy = taken.get(path);
    if (takenBy !== undefined && entry.onCollision === 'skip') return [];
    const fault = keyFileFault(key);
    if (fault !== undefined) values.complain(notAFile(key, fault, place));
    else if (takenBy !== undefined) values.complain(pathTaken(key, takenBy, place));
    else if (!text.isWellFormed()) values.complainOfEncoding(place);
    else return [{ path, content: new SecretValue(text), mode }];
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
    wrong: `the key ${quote(key)} ${fault}, so it cannot be a file's name`,
    expected: 'rename the key in the secret, or exclude it in the YAML form',
  };
}

function pathTaken(key: string, takenBy: string, { subject }: Place): FetchProblem {
  return {
    code: 'VALUE_NAME_TAKEN',
    subject,
    wrong: `the file of the key ${quote(key)} is already given by ${takenBy}`,
    expected: 'keep one of the two, or set onCollision to skip',
  };
}

function unusable(place: Place, values: Values, fault: string, expected: string): FetchProblem {
  return {
    code: 'VALUE_NOT_REPRESENTABLE',
    subject: place.subject,
    wrong: `the secret ${values.arnOf(place.secret)} ${fault}`,
    expected,
  };
}
