/** Any value, inserted with an escape, comes back from the reader that the escape is for, to the character. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { afterAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { readDocument } from '../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../src/core/secret/secret-value.ts';
import { renderTemplate } from '../../src/core/template/index.ts';
import { findShell, SHELLS } from './shells.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-escapes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const special = fc.constantFrom(
  ...`'"\\\`$!*?~#%&;|<>(){}[]=^-+/:,@ \t\n\r\f\v`,
  ...[
    '{{',
    '}}',
    ']]>',
    '<!--',
    '&amp;',
    '&#0;',
    '\\u0041',
    "'\\''",
    '$(id)',
    '`id`',
    '%41',
    '\r\n',
    '---',
    '...',
    '- ',
  ],
  ...[
    'true',
    'null',
    '~',
    '0x10',
    '1e5',
    '!!str',
    '# ',
    ': ',
    '\u0085',
    '\u2028',
    '\u2029',
    '\ufeff',
    '\ufffd',
    '👩‍👩‍👧',
    'é',
  ],
);
const anyCharacter = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 1 })
  .filter((text) => text.isWellFormed());
const control = fc.integer({ min: 0, max: 0x9f }).map((code) => String.fromCharCode(code));
const value = fc
  .array(fc.oneof({ arbitrary: special, weight: 4 }, control, anyCharacter), { maxLength: 20 })
  .map((pieces) => pieces.join(''));

/** Renders `{{#values}}…{{/values}}`: one insertion, `{{.}}`, for each value. */
function render(template: string, values: readonly unknown[]): string {
  const document = readDocument(new SecretValue(JSON.stringify({ values })));
  const rendered = renderTemplate(`{{#values}}${template}{{/values}}`, undefined, document ?? { root: null });
  if (!rendered.ok) throw new Error(rendered.problem.join('\n'));
  return rendered.value;
}

const without = (characters: RegExp) => value.map((text) => text.replace(characters, ''));

describe('json', () => {
  it('is read by JSON.parse', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(JSON.parse(render('[{{.|json}}]', [one]))).toEqual([one]);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (one) => {
        fc.pre(one !== null && JSON.stringify(one).isWellFormed() && !JSON.stringify(one).includes('\\ud'));
        expect(JSON.parse(render('[{{.|json}}]', [[one]]))).toEqual([[JSON.parse(JSON.stringify(one))]]);
      }),
    );
  });
});

describe('yaml', () => {
  it.each(['1.1', '1.2'] as const)('is read as YAML %s, in blocks and in flow', (version) => {
    fc.assert(
      fc.property(value, (one) => {
        expect(
          parseYaml(render('a: {{.|yaml}}\nb:\n- {{.|yaml}} # note\nc: [{{.|yaml}}]\n', [one]), { version }),
        ).toEqual({
          a: one,
          b: [one],
          c: [one],
        });
      }),
    );
  });

  it('holds nothing that a strict reader refuses', () => {
    // https://yaml.org/spec/1.2.2/#51-character-set; the package above reads more than that.
    const printable = /^[\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
    fc.assert(fc.property(value, (one) => void expect(render('{{.|yaml}}', [one])).toMatch(printable)));
  });

  it('keeps the type of what is no text', () => {
    expect(parseYaml(render('- {{.|yaml}}\n', [5432, true, { a: [1] }, 'true', '5432', '']))).toEqual([
      5432,
      true,
      { a: [1] },
      'true',
      '5432',
      '',
    ]);
  });
});

describe('shell', () => {
  it.for(SHELLS)('is one word for $name', async (shell, context) => {
    if (!(await findShell(shell))) return context.skip(`${shell.name} is not installed, and could not be`);
    const [program = '', ...options] = shell.command;
    fc.assert(
      fc.property(fc.array(without(/\0/g), { minLength: 20, maxLength: 60 }), (values) => {
        const script = path.join(folder, 'script');
        writeFileSync(script, render("printf '%s\\0' {{.|shell}} a{{.|shell}}b\n", values));
        const read = spawnSync(program, [...options, script], { stdio: ['ignore', 'pipe', 'pipe'] });
        expect(read.stderr.toString()).toBe('');
        expect(read.stdout.toString()).toBe(values.map((one) => `${one}\0a${one}b\0`).join(''));
      }),
      { numRuns: 15 },
    );
  });
});

describe('url', () => {
  it('is one component: user, password, path segment, query value', () => {
    fc.assert(
      fc.property(without(/^\.{0,2}$/), (one) => {
        fc.pre(one !== '' && one !== '.' && one !== '..');
        const url = new URL(
          render('https://{{.|url}}:{{.|url}}@host/{{.|url}}?a={{.|url}}&b#{{.|url}}', [one]),
        );
        expect(decodeURIComponent(url.username)).toBe(one);
        expect(decodeURIComponent(url.password)).toBe(one);
        expect(url.host).toBe('host');
        expect(decodeURIComponent(url.pathname)).toBe(`/${one}`);
        expect(url.searchParams.get('a')).toBe(one);
        expect(decodeURIComponent(url.hash)).toBe(`#${one}`);
      }),
    );
  });

  it('needs no further escape in any of the other formats', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(render('{{.|url}}', [one])).toMatch(/^[A-Za-z0-9%._~-]*$/);
      }),
    );
  });
});

describe('xml', () => {
  // What XML 1.0 has no way to write.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  const carried = without(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g);

  it('is read as text and in attributes of either quote', () => {
    fc.assert(
      fc.property(carried, (one) => {
        const parser = new SaxesParser();
        const seen: string[] = [];
        parser.on('opentag', ({ attributes }) => seen.push(...Object.values(attributes).map(String)));
        let text = '';
        parser.on('text', (part) => {
          text += part;
        });
        parser.on('error', (error) => {
          throw error;
        });
        parser.write(render(`<a b="{{.|xml}}" c='{{.|xml}}'>{{.|xml}}</a>`, [one])).close();
        expect([...seen, text]).toEqual([one, one, one]);
      }),
    );
  });
});

describe('properties', () => {
  it('is read by java.util.Properties as value and as key, from a stream and from a reader', (context) => {
    if (spawnSync('java', ['-version']).status !== 0) return context.skip('no JDK is installed');
    const values = fc.sample(value, 400);
    const program = path.join(folder, 'Read.java');
    writeFileSync(program, READ_PROPERTIES);
    const file = path.join(folder, 'values.properties');
    const lines = values.map((one, index) =>
      render(`${index}={{.|properties}}\nk${index}-{{.|properties}}=x{{.|properties}}y\n`, [one]),
    );
    writeFileSync(file, lines.join(''));
    const printed = execFileSync('java', [program, file], { encoding: 'utf8', maxBuffer: 1 << 26 });
    const expected = values.flatMap((one, index) => [
      [String(index), one],
      [`k${index}-${one}`, `x${one}y`],
    ]);
    const read = printed
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(fromHex));
    for (const each of [read.slice(0, expected.length), read.slice(expected.length)])
      expect(new Map(each as [string, string][])).toEqual(new Map(expected as [string, string][]));
  }, 60_000);
});

function fromHex(hex: string): string {
  return (hex.match(/.{4}/g) ?? []).map((unit) => String.fromCharCode(Number.parseInt(unit, 16))).join('');
}

const READ_PROPERTIES = `
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;

public class Read {
  static String hex(String text) {
    StringBuilder out = new StringBuilder();
    for (char unit : text.toCharArray()) out.append(String.format("%04x", (int) unit));
    return out.toString();
  }

  public static void main(String[] args) throws IOException {
    for (int pass = 0; pass < 2; pass++) {
      Properties read = new Properties();
      if (pass == 0) read.load(new FileInputStream(args[0]));
      else read.load(new InputStreamReader(new FileInputStream(args[0]), StandardCharsets.UTF_8));
      for (String key : read.stringPropertyNames()) System.out.println(hex(key) + " " + hex(read.getProperty(key)));
    }
  }
}
`;

describe('raw', () => {
  it('is the value itself', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(render('<{{.|raw}}>', [one])).toBe(`<${one}>`);
      }),
    );
  });
});
