/** Lints the text of a file: every document that kubectl can read. */
import { type LintRule, levelOf } from '../../core/advice/lint/rules.ts';
import { LineIndex } from '../manifests/line-index.ts';
import { type Splice, spliced } from '../manifests/lines.ts';
import { eachDocument, type UnreadableDocument } from '../yaml/documents.ts';
import { fixDocument } from './fixes.ts';
import { type DocumentContext, type Located, lintDocument, mentionsInjector } from './lint-document.ts';
import type { TextFinding } from './text-finding.ts';

export interface LintContext extends DocumentContext {
  readonly isEnabled: (rule: LintRule) => boolean;
}

export interface LintedText {
  readonly findings: readonly TextFinding[];
  /** How many documents were read. */
  readonly documents: number;
  /** How many documents could not be read, and were left out because they do not mention the injector. */
  readonly leftOut: number;
  /** Whether every document was read that could matter. */
  readonly isComplete: boolean;
  /** The text with all fixes. */
  readonly fixed: string;
}

const BYTE_ORDER_MARK = '\ufeff';
/** The nodes of a document this large take almost a gigabyte. */
const LONGEST_DOCUMENT = 16 * 1024 * 1024;
/** Of a text. */
const MOST_FINDINGS = 10_000;

/** Lints a text. */
export function lintText(file: string, context: LintContext): LintedText {
  const mark = file.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : '';
  const text = file.slice(mark.length);
  const lines = new LineIndex(text);
  const findings: TextFinding[] = [];
  const splices: Splice[] = [];
  let documents = 0;
  let leftOut = 0;
  let isComplete = true;
  for (const read of eachDocument(text, LONGEST_DOCUMENT)) {
    if (read.ok) {
      documents += 1;
      const found = lintDocument(read.value, context).filter((one) => context.isEnabled(one.finding.rule));
      const fixes = found.flatMap(({ fix }) => fix ?? []);
      const fixed = fixes.length === 0 ? undefined : fixDocument(read.value, fixes);
      splices.push(...(fixed?.splices ?? []));
      for (const one of found.toSorted((a, b) => a.offset - b.offset)) {
        const isFixable = one.fix !== undefined && fixed?.made.has(one.fix) === true;
        findings.push(textFinding(one, lines, isFixable));
      }
    } else if (isRelevant(text, read.problem, context)) {
      isComplete = false;
      findings.push(unreadable(read.problem, lines));
    } else leftOut += 1;
    if (findings.length > MOST_FINDINGS) {
      isComplete = false;
      break;
    }
  }
  return {
    findings: findings.slice(0, MOST_FINDINGS),
    documents,
    leftOut,
    isComplete,
    fixed: mark + spliced(text, splices),
  };
}

/** In a folder, there are also files that are no manifests. */
function isRelevant(text: string, { from, to }: UnreadableDocument, { isNamed }: LintContext): boolean {
  return isNamed || mentionsInjector(text.slice(from, to));
}

function unreadable({ offset, wrong }: UnreadableDocument, lines: LineIndex): TextFinding {
  const message = `kubectl cannot read the document, so it was not checked: ${wrong}`;
  const place = lines.placeOf(offset);
  return {
    rule: 'MANIFEST_UNREADABLE',
    level: 'error',
    subject: '',
    message,
    object: '',
    place,
    isFixable: false,
  };
}

function textFinding(
  { finding, object, offset }: Located,
  lines: LineIndex,
  isFixable: boolean,
): TextFinding {
  const { rule, level = levelOf(rule), subject, message } = finding;
  return { rule, level, subject, message, object, place: lines.placeOf(offset), isFixable };
}
