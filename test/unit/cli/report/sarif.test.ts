/** SARIF: valid by the schema of OASIS, with what code scanning reads. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import type { ReportResult, ReportRule } from '../../../../src/cli/report/result.ts';
import { formatSarif } from '../../../../src/cli/report/sarif.ts';

const SCHEMA = path.resolve(import.meta.dirname, '../../../schemas/sarif-schema-2.1.0.json');

// The schema is of draft 4, which differs from what Ajv reads only in the names of these two keywords.
const { $schema: _, id: __, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Record<string, unknown>;
const isSarif = new Ajv({ strict: false, validateFormats: false }).compile(schema);

const RULES: readonly ReportRule[] = [
  { id: 'A', summary: 'First.', help: 'Fix it.', page: 'docs/reference/lint.md#a', level: 'error' },
  { id: 'B', summary: 'Second.', help: 'Fix it.', page: 'docs/reference/lint.md#b', level: 'note' },
];

interface Sarif {
  readonly runs: readonly [
    {
      readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
      readonly results: readonly Record<string, unknown>[];
    },
  ];
}

function sarifOf(results: readonly ReportResult[]): Sarif {
  const log: unknown = JSON.parse(formatSarif(RULES, results));
  expect(isSarif(log), JSON.stringify(isSarif.errors)).toBe(true);
  return log as Sarif;
}

it('a log without results is valid', () => {
  expect(sarifOf([]).runs[0]).toMatchObject({
    results: [],
    tool: { driver: { name: 'aws-secrets-injector' } },
  });
});

it('says whether everything was checked', () => {
  for (const isComplete of [true, false]) {
    const log = JSON.parse(formatSarif(RULES, [], isComplete)) as unknown;
    expect(isSarif(log)).toBe(true);
    expect(log).toMatchObject({ runs: [{ invocations: [{ executionSuccessful: isComplete }] }] });
  }
});

it('the schema rejects what is not SARIF', () => {
  expect(isSarif({ version: '2.1.0', runs: [{ tool: {} }] })).toBe(false);
  expect(isSarif({ version: '2.1.0', runs: [{ tool: { driver: { name: 'x' } }, results: [{}] }] })).toBe(
    false,
  );
});

it('results refer to their rule and their place', () => {
  const place = { file: 'deploy/web.yaml', line: 7, column: 9 };
  const [run] = sarifOf([
    { rule: 'B', level: 'warning', message: 'm', place, object: 'Pod/shop/web', fingerprint: 'abc' },
    { rule: 'C', level: 'error', message: 'no place' },
  ]).runs;
  expect(run.tool.driver.rules.map(({ id }) => id)).toEqual(['A', 'B']);
  expect(run.results).toEqual([
    {
      ruleId: 'B',
      ruleIndex: 1,
      level: 'warning',
      message: { text: 'm' },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'deploy/web.yaml', uriBaseId: '%SRCROOT%' },
            region: { startLine: 7, startColumn: 9 },
          },
          logicalLocations: [{ fullyQualifiedName: 'Pod/shop/web', kind: 'object' }],
        },
      ],
      partialFingerprints: { 'awsSecretsInjector/v1': 'abc' },
    },
    { ruleId: 'C', level: 'error', message: { text: 'no place' } },
  ]);
});

describe('the URI of a file', () => {
  it.each([
    ['./deploy/web.yaml', { uri: 'deploy/web.yaml', uriBaseId: '%SRCROOT%' }],
    ['a b/ü#?.yaml', { uri: 'a%20b/%C3%BC%23%3F.yaml', uriBaseId: '%SRCROOT%' }],
    ['/srv/a b.yaml', { uri: 'file:///srv/a%20b.yaml' }],
    ['-', { uri: 'stdin' }],
  ])('%s', (file, expected) => {
    const [result] = sarifOf([
      { rule: 'A', level: 'error', message: 'm', place: { file, line: 1, column: 1 } },
    ]).runs[0].results;
    expect(result).toMatchObject({ locations: [{ physicalLocation: { artifactLocation: expected } }] });
  });
});
