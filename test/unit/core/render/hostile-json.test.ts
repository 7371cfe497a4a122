/** Secrets whose JSON is as deep, as wide or as odd as 64 KiB allow. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatProblem } from '../../../../src/core/problems/problems.ts';
import { complaintsOf, filesOf, render } from './rendering.ts';

afterEach(() => vi.restoreAllMocks());

const WAYS = {
  'a key': { env: [{ name: 'A', secret: 0, key: 'k' }] },
  'another key': { env: [{ name: 'A', secret: 0, key: 'fine' }] },
  'an expression': { env: [{ name: 'A', secret: 0, jmesPath: 'k' }] },
  'a comparison': { env: [{ name: 'A', secret: 0, jmesPath: 'k == fine || contains(@.*, k)' }] },
  'text by expression': { files: [{ path: 'f', secret: 0, jmesPath: 'to_string(@)' }] },
  'a template': { files: [{ path: 'f', secret: 0, template: '{{k|json}}{{fine|yaml}}' }] },
  'a dialect': { files: [{ path: 'f', secret: 0, format: 'yaml' as const }] },
  'spread keys': { envFrom: [{ secret: 0 }] },
  'keys as files': { filesFrom: [{ directory: 'd', secret: 0 }] },
};
const NESTS = { arrays: ['[', ']'], objects: ['{"a":', '}'], both: ['{"a":[', ']}'] } as const;

describe.each(Object.entries(WAYS))('JSON that nests, and %s is asked of it', (_name, view) => {
  it.each(Object.entries(NESTS))('%s: carried, or told without a value', (_kind, [open, close]) => {
    for (const depth of [63, 500, 1000, 1100, 2000, 2320, 3000, 5000, 9000]) {
      const content = `{"fine":"canary","k":${open.repeat(depth)}"canary"${close.repeat(depth)}}`;
      const rendered = render(view, content);
      if (rendered.ok) continue;
      expect(rendered.problem).toHaveLength(1);
      expect(
        formatProblem(rendered.problem[0] ?? { code: '', subject: '', wrong: '', expected: '' }),
      ).toMatch(
        /^VALUE_(?:NOT_JSON|NOT_SELECTABLE|NOT_REPRESENTABLE) (?!.*canary).*(?:nested too deeply|nested more than 64 levels)/,
      );
    }
  });
});

it('says of deep JSON that it is deep, and of other text that it is no JSON', () => {
  const wrong = (content: string) =>
    complaintsOf(WAYS['a key'], content).map((one) => one.replace(/.*-AbCdEf /, ''));
  expect(wrong(`{"k":${'['.repeat(9000)}${']'.repeat(9000)}}`)).toEqual(['is nested too deeply']);
  expect(wrong(`${'['.repeat(9000)}${']'.repeat(9000)}`)).toEqual(['is not a JSON object']);
  expect(wrong(`{"k":${'['.repeat(9000)}`)).toEqual(['is not a JSON object (fault at line 1, column 9006)']);
  expect(complaintsOf(WAYS['an expression'], '['.repeat(9000) + ']'.repeat(9000))).toEqual([
    expect.stringContaining('is nested too deeply'),
  ]);
});

it('reads a secret once, however many references ask for its parts', () => {
  const content = JSON.stringify(
    Object.fromEntries(Array.from({ length: 2700 }, (_, index) => [`K${index}`, 'x'.repeat(12)])),
  );
  expect(content.length).toBeGreaterThan(60_000);
  const parse = vi.spyOn(JSON, 'parse');
  const view = {
    env: Array.from({ length: 300 }, (_, index) => ({ name: `V${index}`, secret: 0, key: `K${index}` })),
    envFrom: [{ secret: 0, prefix: 'ALL_' }],
    files: Array.from({ length: 198 }, (_, index) =>
      index % 3 === 0
        ? { path: `f${index}`, secret: 0, jmesPath: `K${index}` }
        : index % 3 === 1
          ? { path: `f${index}`, secret: 0, template: `{{K${index}|raw}}` }
          : { path: `f${index}`, secret: 0, format: 'json' as const },
    ),
    filesFrom: [{ directory: 'd', secret: 0 }],
  };
  expect(render(view, content).ok).toBe(true);
  expect(parse).toHaveBeenCalledTimes(1);
  // A secret that cannot be read is looked at again for nobody but the messages.
  const rendered = render(view, 'canary');
  expect(rendered.ok ? [] : rendered.problem).toHaveLength(500);
});

it('takes 64 KiB of keys, each with its own value', () => {
  const keys = Array.from({ length: 6500 }, (_, index) => `k${index}`);
  const content = JSON.stringify(Object.fromEntries(keys.map((key, index) => [key, index])));
  const view = {
    envFrom: [{ secret: 0, exclude: ['*9*9*9*9*x', 'y*'] }],
    filesFrom: [{ directory: 'd', secret: 0 }],
  };
  const files = filesOf(view, content);
  expect(files['env']).toBe(keys.map((key, index) => `${key}='${index}'\n`).join(''));
  expect(Object.keys(files)).toHaveLength(6501);
  expect(files['d/k6499']).toBe('6499');
});

describe('keys that objects inherit', () => {
  const KEYS = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'];
  const content = `{${KEYS.map((key) => `${JSON.stringify(key)}:${JSON.stringify(`of ${key}`)}`).join()}}`;

  it('are variables and files like others', () => {
    expect(filesOf({ envFrom: [{ secret: 0 }] }, content)).toEqual({
      env: KEYS.map((key) => `${key}='of ${key}'\n`).join(''),
    });
    const files = filesOf({ filesFrom: [{ directory: 'd', secret: 0 }] }, content);
    expect(files).toEqual(Object.fromEntries(KEYS.map((key) => [`d/${key}`, `of ${key}`])));
  });

  it('survive dialects, expressions and templates', () => {
    const { f = '' } = filesOf({ files: [{ path: 'f', secret: 0, format: 'json' }] }, content);
    expect(JSON.parse(f)).toEqual(JSON.parse(content));
    for (const key of KEYS) {
      expect(filesOf({ files: [{ path: 'f', secret: 0, jmesPath: key }] }, content)).toEqual({
        f: `of ${key}`,
      });
      expect(filesOf({ files: [{ path: 'f', secret: 0, template: `{{${key}|raw}}` }] }, content)).toEqual({
        f: `of ${key}`,
      });
    }
  });

  it('are absent when the secret does not have them', () => {
    for (const key of KEYS) {
      expect(complaintsOf({ env: [{ name: 'A', secret: 0, key }] }, '{}')[0]).toContain(
        `has no key "${key}"`,
      );
      expect(complaintsOf({ env: [{ name: 'A', secret: 0, jmesPath: key }] }, '{}')[0]).toContain(
        'selects nothing',
      );
      expect(
        complaintsOf({ files: [{ path: 'f', secret: 0, template: `{{${key}|raw}}` }] }, '{}')[0],
      ).toContain('does not contain');
    }
  });
});
