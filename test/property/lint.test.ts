/** Whatever is in a file, lint ends soon, with places inside of it, and fixes change only what they should. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lintText } from '../../src/cli/lint/lint-text.ts';
import { readDocuments } from '../../src/cli/yaml/documents.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const SETTINGS = {
  injection: { image: 'injector:1', sidecars: { can: true } as const },
  detectsPlainText: true,
};

function lint(text: string) {
  return lintText(text, { namespace: 'shop', settings: SETTINGS, isEnabled: () => true, isNamed: true });
}

const MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  annotations:
    secrets-injector.dev/env.TOKEN: "db:token"
spec:
  template:
    metadata:
      annotations: &a
        secrets-injector.dev/secret.db: "${ARN}"
        secrets-injector.dev/secret.old: "${ARN}"
        Secrets-Injector.dev/env.B: db:b
        secrets-injector.dev/manifest-file: true
        secrets-injector.dev/secrets: |
          - secret: db
            env: { A: { jmesPath: "a.b", default: x }, "B C": d }
            files: { f: {} }
    spec:
      containers:
        - { name: web, image: web, env: [{ name: PASSWORD, value: hunter2 }] }
---
podAnnotations: { secrets-injector.dev/env.A: "${ARN}" }
`;

const RUNS = 300;

/** The manifest with some of its text replaced. */
const damaged = fc
  .array(
    fc.record({
      at: fc.nat({ max: MANIFEST.length }),
      remove: fc.nat({ max: 12 }),
      text: fc.oneof(
        fc.constantFrom(
          '\n',
          ':',
          '- ',
          '"',
          "'",
          '{',
          ']',
          '&a ',
          '*a',
          '<<: *a',
          '---\n',
          '|',
          '\t',
          '!!str ',
          '\r',
        ),
        fc.string({ maxLength: 4 }),
      ),
    }),
    { maxLength: 4 },
  )
  .map((changes) =>
    changes.reduce(
      (text, { at, remove, text: added }) => text.slice(0, at) + added + text.slice(at + remove),
      MANIFEST,
    ),
  );

it('ends, and every place is in the text', () => {
  fc.assert(
    fc.property(damaged, (text) => {
      const lines = text.replace(/^\ufeff/, '').split('\n');
      for (const { place, message } of lint(text).findings) {
        expect(place.line).toBeLessThanOrEqual(lines.length);
        expect(place.column).toBeLessThanOrEqual((lines[place.line - 1] ?? '').length + 1);
        expect(message).not.toContain('hunter2');
      }
    }),
    { numRuns: RUNS },
  );
});

it('fixes leave what kubectl reads as it is, but for annotations', () => {
  const withoutAnnotations = (text: string) => {
    const read = readDocuments(text.replace(/^\ufeff/, ''));
    const drop = (key: string, value: unknown): unknown =>
      key.toLowerCase().endsWith('annotations') ||
      (key === 'metadata' && JSON.stringify(value, drop) === '{}')
        ? undefined
        : typeof value === 'bigint'
          ? String(value)
          : value;
    return read.ok
      ? JSON.stringify(
          read.value.map(({ data }) => data),
          drop,
        )
      : 'broken';
  };
  fc.assert(
    fc.property(damaged, (text) => {
      const { fixed, findings } = lint(text);
      expect(withoutAnnotations(fixed)).toBe(withoutAnnotations(text));
      const fixable = findings.filter(({ isFixable }) => isFixable).length;
      expect(fixable === 0).toBe(fixed === text);
    }),
    { numRuns: RUNS },
  );
});

describe('ends soon, where work that grows with the square would take minutes, with', () => {
  const pod = (annotations: string) =>
    `kind: Pod\nmetadata:\n  name: web\n  annotations:\n${annotations}spec: { containers: [{ name: a, image: "a:1" }] }\n`;
  const keys = (count: number, key: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => `    ${key(index)}\n`).join('');
  const item = {
    kind: 'Pod',
    metadata: { annotations: { 'secrets-injector.dev/x': 'z' } },
    spec: { containers: [] },
  };
  it.each([
    ['unused aliases', 1000, pod(keys(10_000, (i) => `secrets-injector.dev/secret.a${i}: "${ARN}"`))],
    ['unknown keys', 1000, pod(keys(10_000, (i) => `secrets-injector.dev/x${i}: z`))],
    [
      'misplaced annotations',
      1000,
      `kind: Deployment\nmetadata:\n  annotations:\n${keys(10_000, (i) => `secrets-injector.dev/file.f${i}: "${ARN}"`)}spec: { template: { spec: { containers: [] } } }\n`,
    ],
    ['items of a list', 10_000, JSON.stringify({ kind: 'List', items: Array(10_000).fill(item) })],
    ['broken documents', 10_000, 'a: [b\n---\n'.repeat(10_000)],
    ['a line without an end', 1, `a: [${'b, '.repeat(1_000_000)}`],
  ])('%s', (_name, most, text) => {
    const { length } = lint(text).findings;
    expect(length).toBeGreaterThan(0);
    expect(length).toBeLessThanOrEqual(most);
  });
});
