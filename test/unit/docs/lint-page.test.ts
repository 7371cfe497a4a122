/** docs/reference/lint.md is generated from the rules, and its examples are linted. */
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { lintText } from '../../../src/cli/lint/lint-text.ts';
import { LINT_RULES, MANIFEST_RULES } from '../../../src/core/advice/lint/rules.ts';
import { WARNING_CODES } from '../../../src/core/problems/warning-codes.ts';
import { wrap } from '../../../src/runtime/settings/help.ts';
import { expectParts, readPage } from './page.ts';

interface Example {
  readonly bad: string;
  readonly good: string;
}

const EXAMPLES = parse(readPage('docs/reference/lint.examples.yaml')) as Readonly<Record<string, Example>>;

/** Too large for a page. */
const WITHOUT_EXAMPLE = ['ANNOTATIONS_TOO_LARGE'];

const CODES = Object.keys({ ...WARNING_CODES, ...MANIFEST_RULES }).toSorted();

function lint(text: string) {
  return lintText(text, {
    namespace: 'shop',
    settings: {
      injection: { image: 'aws-secrets-injector:1', sidecars: { can: true } },
      detectsPlainText: true,
    },
    isEnabled: () => true,
    isNamed: true,
  });
}

function section(code: string): string {
  const { level, meaning, action, fix } = LINT_RULES.get(code) ?? {};
  const example = EXAMPLES[code];
  const yaml = (title: string, text = '') => `${title}:\n\n\`\`\`yaml\n${text}\`\`\`\n`;
  return [
    `### ${code}\n`,
    `${wrap(`${level}: ${meaning} ${action}`, '')}\n`,
    ...(fix === undefined ? [] : [`\`--fix\`: ${fix}\n`]),
    ...(example === undefined ? [] : [yaml('Bad', example.bad), yaml('Good', example.good)]),
  ].join('\n');
}

it('every rule has an example', () => {
  expect([...Object.keys(EXAMPLES), ...WITHOUT_EXAMPLE].toSorted()).toEqual(CODES);
});

it.each(Object.entries(EXAMPLES))('%s: reports the bad example alone', (code, { bad, good }) => {
  const { findings } = lint(bad);
  expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set([code]));
  expect(lint(good).findings).toEqual([]);
});

const FIXABLE = Object.entries(EXAMPLES).filter(([code]) => LINT_RULES.get(code)?.fix !== undefined);

it.each(FIXABLE)('%s: the fix makes the good example of the bad one', (_code, { bad, good }) => {
  expect(lint(bad).fixed).toBe(good);
});

it('docs/reference/lint.md is current', () => {
  const fixes = [...LINT_RULES.values()].flatMap(({ rule, fix }) =>
    fix === undefined || CODES.includes(rule) ? [] : [`- \`${rule}\`: ${fix}`],
  );
  expectParts('docs/reference/lint.md', {
    fixes: fixes.join('\n'),
    rules: CODES.map(section).join('\n'),
  });
});
