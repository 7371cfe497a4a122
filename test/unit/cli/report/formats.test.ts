/** The other formats of results, read back by parsers. */
import { SaxesParser } from 'saxes';
import { expect, it } from 'vitest';
import { formatGithub } from '../../../../src/cli/report/github.ts';
import { formatJson } from '../../../../src/cli/report/json.ts';
import { formatJunit } from '../../../../src/cli/report/junit.ts';
import type { ReportResult } from '../../../../src/cli/report/result.ts';
import { formatText } from '../../../../src/cli/report/text.ts';

const HOSTILE = 'a "b" <c> & d %, e: ::error::\u0007 f\ud800';
const RESULTS: readonly ReportResult[] = [
  {
    rule: 'A',
    level: 'error',
    message: HOSTILE,
    place: { file: 'a,b:c%.yaml', line: 3, column: 5 },
    object: 'Pod/x/y',
  },
  { rule: 'B', level: 'note', message: 'two\nlines', place: { file: '-', line: 1, column: 1 } },
  { rule: 'C', level: 'warning', message: 'no place' },
];

it('text has a line for each', () => {
  expect(formatText(RESULTS.slice(1))).toBe('standard input:1:1: note B two\nlines\nwarning C no place\n');
  expect(formatText(RESULTS.slice(0, 1))).toBe(`a,b:c%.yaml:3:5: error A Pod/x/y: ${HOSTILE}\n`);
});

it('JSON has everything', () => {
  expect(JSON.parse(formatJson(RESULTS))).toEqual({ version: 1, results: RESULTS });
});

it('annotations of GitHub have one line each, and no text of a user makes another', () => {
  expect(formatGithub(RESULTS).split('\n')).toEqual([
    `::error file=a%2Cb%3Ac%25.yaml,line=3,col=5,title=A::Pod/x/y: ${HOSTILE.replace('%', '%25')}`,
    '::notice title=B::two%0Alines',
    '::warning title=C::no place',
    '',
  ]);
});

it('JUnit has a suite for each file, and a test for each result', () => {
  const xml = formatJunit({
    results: RESULTS,
    files: ['a,b:c%.yaml', 'clean.yaml'],
    isFailure: ({ level }) => level === 'error',
  });
  const elements: { name: string; attributes: Record<string, string>; text: string }[] = [];
  const parser = new SaxesParser();
  parser.on('opentag', ({ name, attributes }) => elements.push({ name, attributes, text: '' }));
  parser.on('text', (text) => {
    const last = elements.at(-1);
    if (last !== undefined) last.text += text.trim();
  });
  parser.write(xml).close();
  const named = (wanted: string) => elements.filter(({ name }) => name === wanted);
  expect(named('testsuites')[0]?.attributes).toMatchObject({ tests: '4', failures: '1' });
  expect(
    named('testsuite').map(({ attributes }) => [
      attributes['name'],
      attributes['tests'],
      attributes['failures'],
    ]),
  ).toEqual([
    ['a,b:c%.yaml', '1', '1'],
    ['clean.yaml', '1', '0'],
    ['standard input', '1', '0'],
    ['', '1', '0'],
  ]);
  const [failure] = named('failure');
  expect(failure?.attributes).toEqual({
    type: 'A',
    message: `Pod/x/y: ${HOSTILE.replace('\u0007', '?').replace('\ud800', '?')}`,
  });
  expect(failure?.text).toContain('a,b:c%.yaml:3:5: error A Pod/x/y');
});
