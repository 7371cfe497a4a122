/** Reading policy files: what is refused, and with which line, field and advice. */
import { describe, expect, it } from 'vitest';
import { readPolicy } from '../../../../src/core/policy/read.ts';
import { MAX_PATTERNS, MAX_RULES } from '../../../../src/core/policy/schema.ts';

function problemsOf(text: string): readonly string[] {
  const read = readPolicy(text);
  return read.ok ? [] : read.problem;
}

const rule = (fields: string) => `rules:\n  - name: shop\n    namespaces: [shop]\n    ${fields}\n`;

it.each([
  ['no rule', 'rules: []'],
  ['a byte order mark', '\ufeffrules: []\n'],
  ['comments', '# Team shop\nnamespaces: [shop, "shop-*"] # no others\nrules: []'],
  ['JSON', '{"namespaces": ["*"], "rules": [{"name": "a b.c_d-1", "namespaces": ["*"]}]}'],
  ['accounts', rule('accounts: ["111122223333", "011122223333"]')],
  ['Regions', rule('regions: [eu-west-1, "eu-*", "*", us-gov-west-1, eusc-de-east-1]')],
  ['names of secrets', rule('secrets: ["prod/{namespace}/*", "*", rds!db-1, "a*b*c", prod/db]')],
  ['ARNs of secrets', rule('secrets: ["arn:aws:secretsmanager:*:*:secret:{namespace}/*"]')],
  ['roles', rule('roles: ["arn:aws*:iam::111122223333:role/{namespace}/*"]')],
  ['no role', rule('roles: []')],
  ['env-modes', rule('envModes: [native, shell, file]')],
  ['complete ARNs', rule('completeArns: true')],
  ['exceptions', rule('exceptNamespaces: ["shop-*"]')],
])('reads %s', (_what, text) => expect(problemsOf(text)).toEqual([]));

const EMPTY = ['the file is empty; write "rules: []" for a policy that allows everything'];

it.each([
  ['', EMPTY],
  ['  \n', EMPTY],
  ['# rules: []\n', EMPTY],
  ['---\n', EMPTY],
  ['null', EMPTY],
  ['allow', ['the value is "allow"; use a map of namespaces, rules']],
  ['- name: shop', ['the value is a list of 1; use a map of namespaces, rules']],
  ['namespaces: [shop]', ['line 1, rules: the field is missing; use a list in which each rule starts with']],
  [
    'rules:\nnamespaces: [shop]',
    ['line 1, rules: the value is missing; use a list in which each rule starts'],
  ],
  ['rules: []\nnamespaces: []', ['line 2, namespaces: the list is empty; use a list of namespaces such as']],
  ['rules: []\nrule: []', ['line 2, rule: the field does not exist here; did you mean rules?']],
  ['rules: [', ['the text is not valid YAML: a bracket is not closed (line 1, column 9); close it']],
  ['rules:\n\t- name: shop', ['the text is not valid YAML: the indentation contains a tab (line 2']],
  ['rules: []\n---\nrules: []', ['the text contains a second document (a line "---"); remove it']],
  ['rules: &all []', ['line 1, rules: anchors ("&name") are not supported']],
  [
    'rules: []\nnamespaces: [a]\nrules: []',
    ['line 1, rules: the map contains this key twice; remove one of them'],
  ],
  [rule('acounts: []'), ['line 4, rules[0].acounts: the field does not exist here; did you mean accounts?']],
  [
    'rules:\n  - name: shop\n    accounts: [111122223333]',
    [
      'line 2, rules[0].namespaces: the field is missing; use a list of namespaces',
      'line 3, rules[0].accounts[0]: the value is the number 111122223333, not text; if this is text, quote it: "111122223333"',
    ],
  ],
  [
    rule('namespace: [shop]'),
    ['line 4, rules[0].namespace: the field does not exist here; did you mean namesp'],
  ],
  [rule('accounts: ["1111222233"]'), ['line 4, rules[0].accounts[0]: the value is "1111222233"; use the 12']],
  [rule('accounts: ["1111*"]'), ['line 4, rules[0].accounts[0]: the value is "1111*"; use the 12 digits']],
  [rule('accounts: []'), ['line 4, rules[0].accounts: the list is empty; use a list of account IDs']],
  [rule('regions: [europe]'), ['line 4, rules[0].regions[0]: the value is "europe"; use the name of a Reg']],
  [rule('secrets: []'), ['line 4, rules[0].secrets: the list is empty; use a list of patterns']],
  [
    rule('secrets: ["prod/db-??????"]'),
    ['line 4, rules[0].secrets[0]: the value is "prod/db-??????"; use a'],
  ],
  [rule('secrets: ["prod/{name}/*"]'), ['line 4, rules[0].secrets[0]: the value is "prod/{name}/*"; use a']],
  [
    rule('secrets: ["arn:aws:ssm:eu-west-1:111122223333:parameter/x"]'),
    [
      'line 4, rules[0].secrets[0]: the value is "arn:aws:ssm:eu-west-1:111122223333:parameter/x"; use a pattern',
    ],
  ],
  [
    rule('roles: [shop]'),
    ['line 4, rules[0].roles[0]: the value is "shop"; use a pattern such as "arn:aws:iam'],
  ],
  [
    rule('envModes: [auto]'),
    ['line 4, rules[0].envModes[0]: the value is "auto"; use native, shell or file'],
  ],
  [rule('completeArns: "yes"'), ['line 4, rules[0].completeArns: the value is "yes"; use true or false']],
  [rule('exceptNamespaces: []'), ['line 4, rules[0].exceptNamespaces: the list is empty; use a list']],
  [
    'rules:\n  - name: "a\\nb"\n    namespaces: [Shop]',
    [
      'line 2, rules[0].name: the value is "a?b"; use 1 to 63 letters',
      'line 3, rules[0].namespaces[0]: the value is "Shop"; use the name of a namespace',
    ],
  ],
  [
    'rules:\n  - { name: shop, namespaces: [a] }\n  - name: other\n    namespaces: [b]\n  - name: shop\n    namespaces: [c]\n',
    ['line 5, rules[2].name: another rule has the name "shop"; use another name'],
  ],
])('refuses %j', (text, expected) => {
  const problems = problemsOf(text);
  expect(problems).toHaveLength(expected.length);
  for (const [index, start] of expected.entries()) expect(problems[index]).toContain(start);
});

describe('limits', () => {
  const rules = (count: number, namespaces: number) =>
    JSON.stringify({
      rules: Array.from({ length: count }, (_, index) => ({
        name: `r${index}`,
        namespaces: Array.from({ length: namespaces }, (_none, number) => `n${number}`),
      })),
    });

  it('the number of rules', () => {
    expect(problemsOf(rules(MAX_RULES, 1))).toEqual([]);
    expect(problemsOf(rules(MAX_RULES + 1, 1))).toEqual([
      `line 1, rules: the value is a list of ${MAX_RULES + 1}; use at most ${MAX_RULES} rules`,
    ]);
  });

  it('the number of patterns', () => {
    expect(problemsOf(rules(MAX_PATTERNS / 100, 100))).toEqual([]);
    expect(problemsOf(rules(MAX_PATTERNS / 100 + 1, 100))).toEqual([
      expect.stringContaining(`the policy contains ${MAX_PATTERNS + 100} namespaces, accounts`),
    ]);
  });

  it('the size and the depth of the text', () => {
    expect(problemsOf(`# ${'x'.repeat(256 * 1024)}\nrules: []`)).toEqual([
      'the text is longer than 256 KiB; shorten it',
    ]);
    expect(problemsOf('['.repeat(100))).toEqual([
      expect.stringContaining('the text is not valid YAML: the nesting is too deep'),
    ]);
  });

  it('the number of problems', () => {
    const text = `rules:\n${'  - name: 1\n'.repeat(400)}`;
    expect(problemsOf(text)).toHaveLength(20);
  });
});
