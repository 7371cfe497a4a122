/** Subsets of the languages of Go. The expected texts are what regexp, text/template and gjson 1.18 of Go print. */
import { describe, expect, it } from 'vitest';
import {
  convertKey,
  readMatcher,
  readReplacement,
  readTransform,
} from '../../../../../src/core/advice/migrate/external-secrets/names.ts';
import { readProperty } from '../../../../../src/core/advice/migrate/external-secrets/property.ts';
import { renamedSpread } from '../../../../../src/core/advice/migrate/external-secrets/rewrite.ts';
import { readTemplate } from '../../../../../src/core/advice/migrate/external-secrets/template.ts';
import { ok } from '../../../../../src/core/problems/result.ts';
import { listedArn } from '../../../../migrate/migrated.ts';

/** The first group, in braces. */
const GROUP = '$'.concat('{1}');
const SECRET = { arn: listedArn('app') };

describe('regular expressions', () => {
  it.each([
    ['(.*)', 'dev-$1', 'foo', 'dev-foo'],
    ['(.*)', '$1_x', 'foo', ''],
    ['(.*)', `${GROUP}_x`, 'foo', 'foo_x'],
    ['o*', '-', 'foo', '-f-'],
    ['o*', '-', 'abc', '-a-b-c-'],
    ['^', 'x', 'foo', 'xfoo'],
    ['$', 'x', 'foo', 'foox'],
    ['[^a-zA-Z0-9 -]', '_', 'foo/bar$baz', 'foo_bar_baz'],
    ['path/(?P<a>.*)', '$a', 'path/x', 'x'],
    ['(?i)FOO', '$$', 'xfoo', 'x$'],
    ['exp-(.*?)-ression', `rewriting-${GROUP}-with`, 'exp-aa-ression', 'rewriting-aa-with'],
    ['b|', '-', 'abc', '-a-c-'],
    ['\\d+', '<$0>', 'a12b3', 'a<12>b<3>'],
  ])('%s → %s in %s', (source, target, name, expected) => {
    const rename = readReplacement(source, target);
    expect(rename.ok && rename.value(name)).toBe(expected);
  });

  it.each(['(?s).', '\\Qa', '\\pL', '[[:alpha:]]', '(', 'a(?=b)', '\\Aa', 'a\\z'])(
    '%s is not evaluated',
    (source) => {
      expect(readReplacement(source, '').ok).toBe(false);
      expect(readMatcher(source).ok).toBe(false);
    },
  );

  it('match anywhere in a name', () => {
    const matcher = readMatcher('.*-credentials');
    expect(matcher.ok && [matcher.value('a/b-credentials/c'), matcher.value('a')]).toEqual([true, false]);
  });
});

describe('templates of names', () => {
  it.each([
    ['ENV_{{ .value | upper | replace "-" "_" }}', 'foo-bar', 'ENV_FOO_BAR'],
    ['{{ .value | trimPrefix "a/" | trimSuffix "/z" }}_x', 'a/b/z', 'b_x'],
    ['{{- .value | lower -}}', 'ABC', 'abc'],
    ['a {{- .value -}} b', 'X', 'aXb'],
  ])('%s of %s', (template, name, expected) => {
    const rename = readTransform(template);
    expect(rename.ok && rename.value(name)).toBe(expected);
  });

  it.each([
    '{{ .value | snakecase }}',
    '{{ .other }}',
    '{{ if .value }}a{{ end }}',
    '{{ .value | replace "" "x" }}',
  ])('%s is not evaluated', (template) => {
    expect(readTransform(template).ok).toBe(false);
  });
});

describe('keys that a Secret cannot have', () => {
  it.each([
    ['a/b c', 'Default', 'a_b_c'],
    ['a/b', 'Unicode', 'a_U002f_b'],
    ['ä.-_9', 'Default', 'ä.-_9'],
  ])('%s with %s', (name, strategy, expected) => {
    expect(convertKey(name, strategy)).toBe(expected);
  });
});

describe('all keys of a secret', () => {
  const regexp = (source: string, target: string) => ({ regexp: { source, target } });
  const transform = (template: string) => ({ transform: { template } });
  it.each<[string, readonly unknown[], object | undefined]>([
    ['without a change', [], { prefix: '', letterCase: 'keep' }],
    ['with a prefix', [regexp('^(.*)$', 'A_$1')], { prefix: 'A_', letterCase: 'keep' }],
    [
      'with two prefixes',
      [regexp('^', 'A_'), regexp('(.+)', `B_${GROUP}`)],
      { prefix: 'B_A_', letterCase: 'keep' },
    ],
    [
      'in upper case after a prefix',
      [regexp('^', 'a_'), transform('{{ .value | upper }}')],
      { prefix: 'A_', letterCase: 'upper' },
    ],
    [
      'with a prefix after upper case',
      [transform('x_{{ .value | upper }}')],
      { prefix: 'x_', letterCase: 'upper' },
    ],
    // Keys that no sample has may be changed.
    ['that start with a text', [regexp('^exp-', 'x')], undefined],
    ['with a suffix', [regexp('(.*)', '$1_x')], undefined],
    ['with a suffix in braces', [regexp('(.*)', `${GROUP}_x`)], undefined],
    ['without characters', [regexp('[^a-z]', '_')], undefined],
    ['merged', [{ merge: {} }], undefined],
  ])('%s', (_name, operations, expected) => {
    const spread = renamedSpread(SECRET, operations, 'Default');
    if (expected === undefined) expect(spread.ok).toBe(false);
    else expect(spread).toMatchObject({ ok: true, value: expected });
  });
});

describe('properties', () => {
  it.each([
    ['name', { key: 'name' }],
    ['user-name', { key: 'user-name' }],
    ['a\\.b', { key: 'a.b' }],
    ['name.first', { jmesPath: 'name.first' }],
    ['friends.1.first', { jmesPath: 'friends[1].first' }],
    ['friends.#', { jmesPath: 'length(friends)' }],
    ['friends.#.first', { jmesPath: 'friends[*].first' }],
    ['1.k', { jmesPath: '"1".k' }],
    ['a-b.c\\.d', { jmesPath: '"a-b"."c.d"' }],
  ])('%s', (path, expected) => {
    expect(readProperty(path)).toMatchObject({ ok: true, value: expected });
  });

  it.each(['a.*', 'a?', '@this', 'a.#(b=="c").d', 'a|b', '{a,b}', 'a..b', '#.a', '!"x"'])(
    '%s is a query',
    (path) => {
      expect(readProperty(path).ok).toBe(false);
    },
  );
});

describe('templates of values', () => {
  it.each([
    ['a\n{{- .x }}\nb', 'a{{ x | raw }}\nb'],
    ['{{ .x -}}\n b', '{{ x | raw }}b'],
    ['{{/* c */}}x{{ .x }}', 'x{{ x | raw }}'],
    ['{{.x}}y{{ .y | toString }}', '{{ x | raw }}y{{ y | raw }}'],
    ['a {{- /* c */ -}} b{{ index . "x" }}', 'ab{{ x | raw }}'],
    ['{"x": {{ .x | toJson }}}', '{"x": {{ x | json }}}'],
  ])('%j', (template, expected) => {
    expect(readTemplate(template, (key) => ok({ secret: SECRET, key }))).toEqual(
      ok({ secret: SECRET, template: expected }),
    );
  });

  it('of one insertion are the value', () => {
    const value = (template: string) => readTemplate(template, (key) => ok({ secret: SECRET, key }));
    expect(value('{{- .x -}}')).toEqual(ok({ secret: SECRET, key: 'x' }));
    expect(value('{{ .x | b64dec }}')).toEqual(ok({ secret: SECRET, key: 'x', decode: 'base64' }));
    expect(value('{{ .x | filterPEM "CERTIFICATE" }}')).toEqual(
      ok({ secret: SECRET, key: 'x', pem: 'certificates' }),
    );
  });

  it.each([
    '{{ .x.y }}',
    '{{ range . }}{{ . }}{{ end }}',
    '{{ printf "%s" .x }}',
    '{{ $a := .x }}',
    'x {{ .x',
    '{{ `{{ .x }}` }}',
    'a{{ .x | upper }}',
  ])('%s is more than insertions', (template) => {
    expect(readTemplate(template, (key) => ok({ secret: SECRET, key })).ok).toBe(false);
  });
});
