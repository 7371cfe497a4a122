/** Rules about annotations. */
import { FORM, isFamily, isOption } from '../../names/annotation-keys.ts';
import type { SecretArn } from '../../names/arn.ts';
import { NEAR_DOMAINS, PREFIX } from '../../names/prefix.ts';
import { printable, quote } from '../../problems/quote.ts';
import { utf8Length } from '../../utf8.ts';
import type { LintFinding } from './finding.ts';
import type { AnnotationRule } from './inspected.ts';
import { annotationPlace } from './places.ts';
import { secretShape } from './plain-text.ts';

/** The most that all annotations of an object contain (Kubernetes, ValidateAnnotationsSize). */
const MOST_BYTES = 256 * 1024;

/** Aliases without a reference. A form that cannot be read may use any of them. */
export const unusedAliases: AnnotationRule = ({ set, entries, isFormClean }) => {
  if (!isFormClean) return [];
  const used = new Set([
    ...set.asks.flatMap(({ family, text }) => (family === 'secret' ? [] : [text.split(':', 1)[0] ?? ''])),
    ...entries.map(({ secret }) => secret),
  ]);
  return set.asks
    .filter(({ family, name }) => family === 'secret' && !used.has(name))
    .map(({ name, subject }) => ({
      rule: 'ALIAS_UNUSED',
      subject: printable(subject),
      message: `no reference uses the alias ${quote(name)}; remove the annotation`,
      place: annotationPlace(subject),
      fix: { kind: 'remove' },
    }));
};

/**
 * Partial ARNs whose name ends as a suffix would. Suffixes are random: six lowercase letters, or six digits, are one in
 * some hundreds of them.
 */
export const ambiguousSuffixes: AnnotationRule = ({ asked, places }) =>
  asked.arns
    .filter(({ arn }) => isWord(arn))
    .map(({ arn, subject }) => ({
      rule: 'ARN_SUFFIX_AMBIGUOUS',
      subject,
      message: `Secrets Manager reads ${quote(`-${arn.suffix}`)} as the random suffix, so the name is ${quote(arn.name, 128)}; use the complete ARN if it belongs to the name`,
      place: places.of(subject),
    }));

function isWord({ suffix }: SecretArn): boolean {
  return suffix !== undefined && /^(?:[a-z]{6}|[A-Z]{6}|\d{6})$/.test(suffix);
}

/** What the API server refuses. */
export const tooLarge: AnnotationRule = ({ annotations }) => {
  const bytes = Object.entries(annotations).reduce(
    (sum, [key, value]) => sum + utf8Length(key) + (typeof value === 'string' ? utf8Length(value) : 0),
    0,
  );
  if (bytes <= MOST_BYTES) return [];
  const message = `all annotations together have ${bytes} bytes, and Kubernetes allows ${MOST_BYTES}; request fewer values`;
  return [
    {
      rule: 'ANNOTATIONS_TOO_LARGE',
      subject: 'metadata.annotations',
      message,
      place: { path: ['metadata', 'annotations'] },
    },
  ];
};

/** Values of last resort that look like secrets. */
export const plainTextDefaults: AnnotationRule = ({ entries, places }) =>
  entries
    .flatMap(({ env, files }) => [...env, ...files])
    .flatMap(({ subject, default: fallback }): readonly LintFinding[] => {
      const what = fallback === undefined ? undefined : secretShape(fallback);
      if (what === undefined) return [];
      const message = `the default looks like ${what}; store it in Secrets Manager`;
      return [{ rule: 'PLAIN_TEXT_SECRET', subject, message, place: places.of(subject) }];
    });

/** Known keys below a domain that is almost that of the prefix. */
export function misspelledPrefixes(annotations: Readonly<Record<string, unknown>>): readonly LintFinding[] {
  return Object.keys(annotations).flatMap((key): readonly LintFinding[] => {
    const slash = key.indexOf('/');
    const name = key.slice(slash + 1);
    if (slash < 0 || !NEAR_DOMAINS.includes(key.slice(0, slash).toLowerCase()) || !isKnown(name)) return [];
    const right = PREFIX + name;
    return [
      {
        rule: 'PREFIX_MISSPELLED',
        subject: printable(key),
        message: `the annotation has no effect; did you mean ${printable(right)}?`,
        place: annotationPlace(key),
        ...(Object.hasOwn(annotations, right) ? {} : { fix: { kind: 'rename', key: right } }),
      },
    ];
  });
}

function isKnown(name: string): boolean {
  const dot = name.indexOf('.');
  return name === FORM || isOption(name) || (dot > 0 && isFamily(name.slice(0, dot)));
}
