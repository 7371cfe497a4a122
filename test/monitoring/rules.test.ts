/** The rules and the queries of the guide, with promtool. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Programs, prometheusUnavailable, providePrometheus } from './prometheus.ts';
import { guideQueries, MONITORING, RULES_FILE, rules } from './queries.ts';

const ALERTS = path.join(import.meta.dirname, 'alerts.yaml');
const QUERIES = path.join(import.meta.dirname, 'queries.yaml');

interface TestFile {
  readonly tests: readonly {
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts?: readonly object[];
    }[];
    readonly promql_expr_test?: readonly {
      readonly expr: string;
      readonly exp_samples?: readonly object[];
    }[];
  }[];
}

const read = (file: string) => parse(readFileSync(file, 'utf8')) as TestFile;
const unavailable = prometheusUnavailable();
if (unavailable !== undefined) process.stderr.write(`the tests of rules are skipped: ${unavailable}\n`);

describe.skipIf(unavailable !== undefined)('promtool', () => {
  let programs: Programs;
  beforeAll(async () => {
    programs = await providePrometheus();
  });

  it('accepts the rules', () => {
    const { status, output } = programs.promtool([
      'check',
      'rules',
      '--lint=all',
      '--lint-fatal',
      RULES_FILE,
    ]);
    expect(status, output).toBe(0);
    expect(output).toContain(`${rules().length} rules found`);
  });

  it('accepts the scrape configuration', () => {
    const { status, output } = programs.promtool([
      ...['check', 'config', '--lint=all', '--lint-fatal'],
      path.join(MONITORING, 'prometheus/scrape-config.yaml'),
    ]);
    expect(status, output).toBe(0);
  });

  it.each([ALERTS, QUERIES])('confirms the expected results of %s', (file) => {
    const { status, output } = programs.promtool(['test', 'rules', file]);
    expect(status, output).toBe(0);
  });
});

it.each(rules().flatMap(({ alert }) => (alert === undefined ? [] : [alert])))(
  '%s has a test in which it fires, and one in which it does not',
  (alert) => {
    const tests = read(ALERTS).tests.flatMap((test) => test.alert_rule_test ?? []);
    const fires = tests
      .filter((test) => test.alertname === alert)
      .map((test) => test.exp_alerts !== undefined);
    expect(new Set(fires)).toEqual(new Set([true, false]));
  },
);

it('every query of the guide has a test with a result', () => {
  const tested = read(QUERIES).tests.flatMap((test) => test.promql_expr_test ?? []);
  const withResult = tested
    .filter((test) => (test.exp_samples ?? []).length > 0)
    .map((test) => spaced(test.expr));
  expect(guideQueries().length).toBeGreaterThan(4);
  expect(new Set(guideQueries().map(({ expr }) => spaced(expr)))).toEqual(new Set(withResult));
});

function spaced(expr: string): string {
  return expr.replaceAll(/\s+/g, ' ').trim();
}
