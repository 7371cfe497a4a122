import fc from 'fast-check';
import mustache from 'mustache';
import { describe, expect, it } from 'vitest';
import { readDocument } from '../../../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { type Escape, renderTemplate, templateFault } from '../../../../src/core/template/index.ts';

function render(template: string, json: string, dialect?: Escape): unknown {
  const document = readDocument(new SecretValue(json));
  if (document === undefined) throw new Error('the test gives no JSON');
  const rendered = renderTemplate(template, dialect, document);
  return rendered.ok ? { text: rendered.value } : { problems: rendered.problem };
}

const SECRET =
  '{"user":"shop","password":"it\'s \\"x\\"","port":5432.0,"hosts":[{"name":"a"},{"name":"b"}],"tls":{"key":"k"},"none":null}';

describe('a template', () => {
  it.each([
    ['', ''],
    ['no insertion\n', 'no insertion\n'],
    ['{"password": {{password}}, "port": {{port}}}', '{"password": "it\'s \\"x\\"", "port": 5432.0}'],
    ['{{ password | shell }}', "'it'\\''s \"x\"'"],
    ['{{password|url}}', 'it%27s%20%22x%22'],
    ['{{tls.key|raw}}', 'k'],
    ['{{tls}}', '{"key":"k"}'],
    ['{{.}}', SECRET],
    ['{{#hosts}}\n- {{name|yaml}} of {{user|raw}}\n{{/hosts}}\nend', '- "a" of shop\n- "b" of shop\nend'],
    ['{{#tls}}{{key|raw}}{{/tls}}{{^tls}}off{{/tls}}', 'k'],
    ['{{#absent}}on{{/absent}}{{^absent}}off{{/absent}}', 'off'],
    ['{{#none}}on{{/none}}{{^none}}off{{/none}}', 'off'],
    ['{{! a note }}a', 'a'],
    ['a {"b": {"c": 1}}', 'a {"b": {"c": 1}}'],
  ])('%s', (template, text) => expect(render(template, SECRET, 'json')).toEqual({ text }));

  it('takes keys that are names of prototypes for data', () => {
    expect(render('{{__proto__.a}} {{constructor}}', '{"__proto__":{"a":1},"constructor":2}', 'raw')).toEqual(
      {
        text: '1 2',
      },
    );
    expect(render('{{#toString}}x{{/toString}}{{#constructor}}x{{/constructor}}', '{}')).toEqual({
      text: '',
    });
  });

  it('takes a key that contains dots before nested keys', () => {
    const secret = '{"spring.datasource.password":"x","a.b":"dotted","a":{"b":"nested","c":"n","d.e":"in"}}';
    expect(render('{{spring.datasource.password|raw}} {{a.b|raw}} {{a.c|raw}}', secret)).toEqual({
      text: 'x dotted n',
    });
    expect(render('{{#a}}{{d.e|raw}}{{/a}}{{#a.b}}!{{/a.b}}{{^x.y}}-{{/x.y}}', secret)).toEqual({
      text: 'in!-',
    });
  });

  it('follows dots from the nearest context that has the first name, as the standard says', () => {
    expect(render('{{#a}}{{b.c|raw}}{{/a}}', '{"a":{"b":{}},"b":{"c":"of another"}}')).toEqual({
      problems: ['inserts "b.c", which the secret does not contain'],
    });
    expect(render('{{#a}}{{b.c|raw}}{{/a}}', '{"a":{"x":1},"b":{"c":"y"}}')).toEqual({ text: 'y' });
  });

  it('renders sections and unescaped insertions as mustache.js does', () => {
    const name = fc.constantFrom('a', 'b', 'c', '.');
    const { template } = fc.letrec<{ template: string }>((tie) => ({
      template: fc
        .array(
          fc.oneof(
            { depthSize: 'small' },
            fc.constantFrom('x', ' ', '\n', '\r\n', '{{! note }}', '{', '}', '\t'),
            name.map((key) => `{{#has}}{{/has}}{{^${key}}}no ${key}{{/${key}}}`),
            name.map((key) => `{{ ${key} }}`),
            fc.tuple(name, tie('template')).map(([key, inner]) => `{{#${key}}}${inner}{{/${key}}}`),
            fc.tuple(name, tie('template')).map(([key, inner]) => `{{#${key}}}\n${inner}\n{{/${key}}}\n`),
          ),
          { maxLength: 5 },
        )
        .map((parts) => parts.join('')),
    }));
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small' },
        // Without null, which mustache.js cannot have in an array.
        fc.constantFrom('text', '', 0, 7, true, false),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('node')),
      ),
    }));
    fc.assert(
      fc.property(template, node, (one, data) => {
        // What becomes text in one way only in both: mustache.js joins arrays and leaves missing keys empty.
        const rendered = render(one, JSON.stringify(data), 'raw') as { text?: string };
        const options = {
          escape: (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value)),
        };
        if (rendered.text !== undefined) expect(rendered.text).toBe(mustache.render(one, data, {}, options));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is wrong with a template', () => {
  it.each([
    ['{{password}}', 'does not say how to escape "password" in line 1'],
    [
      '\n\n{{a|html}}',
      'has the unknown escape "html" for "a" in line 3; use one of json, yaml, shell, url, properties, xml, raw',
    ],
    ['{{a|json|url}}', 'has "a|json|url" in line 1, where a key (or keys joined by dots) is expected'],
    ['{{a b|json}}', 'has "a b|json" in line 1, where a key (or keys joined by dots) is expected'],
    ['{{|json}}', 'has "|json" in line 1, where a key (or keys joined by dots) is expected'],
    ['{{a..b|json}}', 'has "a..b|json" in line 1, where a key (or keys joined by dots) is expected'],
    ['"{{a|json}}"', 'has quotes around "a|json" in line 1, but the escape json adds quotes itself'],
    ["'{{a|shell}}'", 'has quotes around "a|shell" in line 1, but the escape shell adds quotes itself'],
    ['{{{a}}}', 'has a third brace; use {{ name | raw }} for a value without escapes (line 1)'],
    ['{{& a}}', 'has an ampersand; use {{ name | raw }} for a value without escapes (line 1)'],
    ['{{> other}}', 'has a partial, which is not supported (line 1)'],
    ['{{=<% %>=}}<%& a %>', 'has other delimiters, which are not supported (line 1)'],
    ['x\n{{a', 'has braces that are not closed in line 2'],
    [`{{${' '.repeat(300)}a}}`, 'has more than 256 characters between the braces in line 1'],
    ['{{#a}}', 'has sections that are not closed in order'],
    ['{{/a}}', 'has sections that are not closed in order'],
    ['{{#a}}{{#b}}{{/a}}{{/b}}', 'has sections that are not closed in order'],
    ['{{#a|json}}{{/a|json}}', 'has an escape for the section "a" in line 1'],
    [`${'{{#a}}'.repeat(17)}${'{{/a}}'.repeat(17)}`, 'nests sections more than 16 levels deep'],
    ['é'.repeat(8_193), 'is longer than 16384 bytes'],
  ])('%s', (template, fault) => {
    expect(templateFault(template)).toBe(fault);
    expect(render(template, '{}')).toEqual({ problems: [fault] });
  });

  it('is found in any text, without an exception', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{{#a}}',
      '{{/a}}',
      '{{^b}}',
      'a',
      '|',
      'json',
      '.',
      ' ',
      '\n',
      '{',
      '}',
      '=',
      '!',
      '"',
    );
    const text = fc.array(piece, { maxLength: 15 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(
        fc.oneof(text, fc.string({ unit: 'binary' })),
        fc.constantFrom('raw' as const, undefined),
        (one, dialect) => {
          const fault = templateFault(one, dialect);
          const rendered = render(one, '{"a":[{"json":1}],"b":false}', dialect);
          if (fault !== undefined) expect(rendered).toEqual({ problems: [fault] });
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('what is wrong with the secret', () => {
  it('is all told, by the names of keys and never by values', () => {
    const template = '{{a|raw}}{{a|raw}}{{b|raw}}{{c|shell}}{{d|xml}}{{e.f|raw}}{{g|url}}';
    const json = '{"b":null,"c":"canary\\u0000","d":"canary\\u0001","e":"canary","g":"canary\\ud800"}';
    expect(render(template, json)).toEqual({
      problems: [
        'inserts "a", which the secret does not contain',
        'inserts "b", which is null',
        'inserts "c", which contains a NUL character that the escape shell cannot represent',
        'inserts "d", which contains a control character that the escape xml cannot represent',
        'inserts "e.f", which the secret does not contain',
        'inserts "g", which contains half of a surrogate pair that the escape url cannot represent',
      ],
    });
  });
});

describe('bounds', () => {
  const nested = (inner: string, depth = 5): string =>
    `${'{{#a}}'.repeat(depth)}${inner}${'{{/a}}'.repeat(depth)}`;
  const largest = JSON.stringify({ a: Array(13_000).fill('x'), b: `${'y'.repeat(10_000)}\0` });

  it.each([
    ['sections without output', nested(''), 'needs too many steps on this secret'],
    ['sections with output', nested('x'), 'results in more than 65536 bytes'],
    ['the whole secret for each item', nested('{{a}}', 1), 'results in more than 65536 bytes'],
    ['inverted sections', nested('{{^a}}{{/a}}{{^a}}{{/a}}'), 'needs too many steps on this secret'],
  ])('end the rendering: %s', (_what, template, problem) => {
    expect(render(template, largest, 'json')).toEqual({ problems: [problem] });
  });

  it('end what cannot be written, too', () => {
    expect(render(nested('{{b}}', 1), largest, 'shell')).toEqual({
      problems: [
        'inserts "b", which contains a NUL character that the escape shell cannot represent',
        'needs too many steps on this secret',
      ],
    });
  });

  it('are counted in bytes', () => {
    expect(render('{{a}}', JSON.stringify({ a: 'é'.repeat(32_768) }), 'raw')).toHaveProperty('text');
    expect(render('{{a}}.', JSON.stringify({ a: 'é'.repeat(32_768) }), 'raw')).toEqual({
      problems: ['results in more than 65536 bytes'],
    });
  });

  it('hold for JSON that nests as deep as it can', () => {
    for (const depth of [1_000, 5_000, 30_000]) {
      const document = readDocument(new SecretValue('['.repeat(depth) + ']'.repeat(depth)));
      if (document !== undefined) expect(() => renderTemplate('{{.}}', 'json', document)).not.toThrow();
    }
  });
});
