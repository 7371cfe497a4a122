/** Fixes change exactly what they should: every other byte, and everything else that kubectl reads, stays. */
import { describe, expect, it } from 'vitest';
import { lintText } from '../../../../src/cli/lint/lint-text.ts';

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const SPEC = 'spec: { containers: [{ name: a, image: "a:1" }] }';

function fix(text: string): string {
  const settings = {
    injection: { image: 'injector:1', sidecars: { can: true } as const },
    detectsPlainText: true,
  };
  const context = { namespace: 'shop', settings, isEnabled: () => true, isNamed: true };
  const linted = lintText(text, context);
  const fixable = linted.findings.filter(({ isFixable }) => isFixable).length;
  expect(linted.fixed === text).toBe(fixable === 0);
  // What was fixed is no finding any more, and no fix makes a new one.
  const after = lintText(linted.fixed, context);
  expect(after.findings.length).toBeLessThanOrEqual(linted.findings.length - fixable);
  return linted.fixed;
}

const pod = (annotations: string) => `kind: Pod\nmetadata:\n  annotations:\n${annotations}${SPEC}\n`;
const file = `    secrets-injector.dev/file.x: "${ARN}" # the database\n`;

describe('values in quotes', () => {
  it.each([
    ['manifest-file', 'true', '"true"'],
    ['file-mode', '0444', '"0444"'],
    ['run-as-user', '1000', '"1000"'],
    ['manifest-file', 'true # comment', '"true" # comment'],
  ])('%s: %s', (option, wrong, right) => {
    const text = pod(`${file}    secrets-injector.dev/${option}: ${wrong}\n`);
    expect(fix(text)).toBe(text.replace(`: ${wrong}\n`, `: ${right}\n`));
  });
  it.each(['', '~', '[a]', '{ a: b }', '!!bool true'])('not %s, which is no certain text', (value) => {
    const text = pod(`${file}    secrets-injector.dev/manifest-file: ${value}\n`);
    expect(fix(text)).toBe(text);
  });
  it('in JSON and flow maps', () => {
    const json = `{"kind":"Pod","metadata":{"annotations":{"secrets-injector.dev/run-as-user":1000,"secrets-injector.dev/file.x":"${ARN}"}},"spec":{"containers":[{"name":"a","image":"a:1"}]}}`;
    expect(fix(json)).toBe(json.replace(':1000,', ':"1000",'));
    const flow = `kind: Pod\nmetadata: { annotations: { secrets-injector.dev/run-as-user: 1000, secrets-injector.dev/file.x: "${ARN}" } }\n${SPEC}\n`;
    expect(fix(flow)).toBe(flow.replace(': 1000,', ': "1000",'));
  });
});

describe('keys', () => {
  it.each([
    ['Secrets-Injector.dev/file.x', 'secrets-injector.dev/file.x'],
    ['"SECRETS-INJECTOR.DEV/file.x"', '"secrets-injector.dev/file.x"'],
    ['secret-injector.dev/file.x', 'secrets-injector.dev/file.x'],
    ["'aws-secrets-injector/file.x'", "'secrets-injector.dev/file.x'"],
  ])('%s', (wrong, right) => {
    const text = pod(`    ${wrong}: "${ARN}"\n    other: x\n`);
    expect(fix(text)).toBe(text.replace(wrong, right));
  });
  it('not if the right key exists', () => {
    const text = pod(`    secret-injector.dev/file.x: "${ARN}"\n${file}`);
    expect(fix(text)).toBe(text);
  });
  it('not if the key is escaped', () => {
    const text = pod(`    "\\x73ecret-injector.dev/file.x": "${ARN}"\n`);
    expect(fix(text)).toBe(text);
  });
});

describe('unused aliases', () => {
  const alias = `    secrets-injector.dev/secret.a: "${ARN}"\n`;
  it.each([
    ['first', alias + file],
    ['last', file + alias],
    ['in a block', `${file}    secrets-injector.dev/secret.a: |-\n      ${ARN}\n`],
    ['with a comment', `${file}${alias.replace('\n', ' # old\n')}`],
  ])('%s', (_name, annotations) => {
    expect(fix(pod(annotations))).toBe(pod(file));
  });
  it('not if another annotation has a mistake, which may be its use', () => {
    const text = pod(`${alias}    secrets-injector.dev/envs.X: "a:b"\n`);
    expect(fix(text)).toBe(text);
  });
  it('in a flow map and in JSON', () => {
    const flow = (annotations: string) =>
      `kind: Pod\nmetadata: { annotations: { ${annotations} } }\n${SPEC}\n`;
    const [unused, used] = [
      `secrets-injector.dev/secret.a: "${ARN}"`,
      `secrets-injector.dev/file.x: "${ARN}"`,
    ];
    expect(fix(flow(`${unused}, ${used}`))).toBe(flow(used));
    const json = (annotations: object) =>
      JSON.stringify({
        kind: 'Pod',
        metadata: { annotations },
        spec: { containers: [{ name: 'a', image: 'a:1' }] },
      });
    const right = { 'secrets-injector.dev/file.x': ARN };
    expect(fix(json({ ...right, 'secrets-injector.dev/secret.a': ARN }))).toBe(json(right));
  });
  it('not if the key occurs twice', () => {
    const text = pod(alias + alias + file);
    expect(fix(text)).toBe(text);
  });
  it('not below an anchor, whose other use would change', () => {
    const text = `kind: Pod\nmetadata:\n  labels: &a\n    x: y\n    secrets-injector.dev/secret.a: "${ARN}"\n    secrets-injector.dev/file.x: "${ARN}"\n  annotations: *a\n${SPEC}\n`;
    expect(fix(text)).toBe(text);
  });
  it('with CR LF', () => {
    expect(fix(pod(file + alias).replaceAll('\n', '\r\n'))).toBe(pod(file).replaceAll('\n', '\r\n'));
  });
});

describe('annotations of a workload', () => {
  const template = (metadata: string) =>
    `spec:\n  template:\n${metadata}    spec:\n      containers:\n        - name: a\n          image: a:1\n`;
  const form = `    secrets-injector.dev/secrets: |\n      - secret: ${ARN}\n\n        files: { f: {} }\n`;
  const head = (annotations: string) => `kind: Deployment\nmetadata:\n  name: web\n${annotations}`;
  const moved = (text: string) => text.replace(/^(?=.)/gm, '    ');
  it.each([
    ['without metadata', '', (text: string) => `    metadata:\n      annotations:\n${text}`],
    [
      'without annotations',
      '    metadata:\n      labels: { a: b }\n',
      (text: string) => `    metadata:\n      annotations:\n${text}      labels: { a: b }\n`,
    ],
    [
      'with annotations',
      '    metadata:\n      annotations:\n        # first\n        a: b\n',
      (text: string) => `    metadata:\n      annotations:\n        # first\n${text}        a: b\n`,
    ],
  ])('to a template %s', (_name, before, after) => {
    const text = head(`  annotations:\n    team: shop\n${form}`) + template(before);
    expect(fix(text)).toBe(head('  annotations:\n    team: shop\n') + template(after(moved(form))));
  });
  it('several of them, in their order', () => {
    const others = `    secrets-injector.dev/file.a: "${ARN}"\n    secrets-injector.dev/file.b: "${ARN}"\n`;
    const text = head(`  annotations:\n${others}${form}`) + template('');
    const added = `    metadata:\n      annotations:\n${moved(others + form)}`;
    expect(fix(text)).toBe(head('') + template(added));
  });
  it('not to a flow map, and not over another value', () => {
    for (const metadata of [
      '    metadata: { labels: { a: b } }\n',
      `    metadata:\n      annotations:\n        secrets-injector.dev/secrets: |\n          - { secret: "${ARN}", files: { g: {} } }\n`,
    ]) {
      const text = head(`  annotations:\n${form}`) + template(metadata);
      expect(fix(text)).toBe(text);
    }
  });
});

it('fixes several documents of a file, and leaves the others', () => {
  const wrong = pod(`    secret-injector.dev/file.x: "${ARN}"\n`);
  const right = pod(`    secrets-injector.dev/file.x: "${ARN}"\n`);
  const others = '---\na: [broken\n---\n# only a comment\n---\n';
  expect(fix(`\ufeff${wrong}${others}${wrong}`)).toBe(`\ufeff${right}${others}${right}`);
});
