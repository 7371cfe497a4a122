/** Results as JUnit XML, which most CI systems show as tests: a suite for each file, a failed test for each finding. */
import type { ReportResult } from './result.ts';
import { nameOf, withObject } from './text.ts';

export interface JunitInput {
  readonly results: readonly ReportResult[];
  /** All files that were checked. A file without a result is a passed test. */
  readonly files: readonly string[];
  readonly isFailure: (result: ReportResult) => boolean;
}

// XML 1.0 does not allow other control characters, even as references, nor unpaired surrogates.
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern is about control characters
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
};

export function formatJunit({ results, files, isFailure }: JunitInput): string {
  const byFile = new Map<string, ReportResult[]>(files.map((file) => [file, []]));
  for (const result of results) {
    const file = result.place?.file ?? '';
    const known = byFile.get(file);
    if (known === undefined) byFile.set(file, [result]);
    else known.push(result);
  }
  const suites = [...byFile].map(([file, found]) => suite(file, found, isFailure));
  const count = attributes({ tests: sum(suites, 'tests'), failures: sum(suites, 'failures') });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="aws-secrets-injector"${count}>\n${suites.map(({ xml }) => xml).join('')}</testsuites>\n`;
}

interface Suite {
  readonly xml: string;
  readonly tests: number;
  readonly failures: number;
}

function suite(file: string, results: readonly ReportResult[], isFailure: JunitInput['isFailure']): Suite {
  const name = nameOf(file);
  const tests = results.length === 0 ? 1 : results.length;
  const failures = results.filter(isFailure).length;
  const cases =
    results.length === 0
      ? `    <testcase${attributes({ name, classname: 'lint' })}/>\n`
      : results.map((result) => testCase(name, result, isFailure(result))).join('');
  const head = attributes({ name, tests, failures, errors: 0 });
  return { xml: `  <testsuite${head}>\n${cases}  </testsuite>\n`, tests, failures };
}

function testCase(
  file: string,
  { rule, level, message, place, object }: ReportResult,
  isFailure: boolean,
): string {
  const at = place === undefined ? file : `${file}:${place.line}:${place.column}`;
  const text = withObject(message, object);
  const body = isFailure
    ? `<failure${attributes({ message: text, type: rule })}>${escapeXml(`${at}: ${level} ${rule} ${text}`)}</failure>`
    : `<system-out>${escapeXml(`${at}: ${level} ${rule} ${text}`)}</system-out>`;
  return `    <testcase${attributes({ name: `${rule} ${at}`, classname: 'lint' })}>${body}</testcase>\n`;
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(NOT_XML, '?').replace(/[&<>"\t\n\r]/g, (character) => ESCAPES[character] ?? '');
}

function sum(suites: readonly Suite[], member: 'tests' | 'failures'): number {
  return suites.reduce((total, one) => total + one[member], 0);
}
