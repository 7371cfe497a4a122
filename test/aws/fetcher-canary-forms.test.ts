/** What goes wrong when values are selected, decoded, converted and put into dialects: nothing of a value is told. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FetchCode } from '../../src/core/problems/fetch-codes.ts';
import { planFor } from '../fetcher/asked-plan.ts';
import { CANARY } from '../fetcher/canary.ts';
import { arnOf } from '../fetcher/plans.ts';
import { BROKEN, JSON_CANARY } from './canary-faults.ts';
import { type CanaryStage, makeCanaryStage } from './canary-stage.ts';

const ARN = arnOf('shop/canary');
let stage: CanaryStage;
beforeAll(async () => {
  stage = await makeCanaryStage();
});
beforeEach(() => stage.reset());
afterAll(() => stage.aws.stop());

const json = (value: unknown) => JSON.stringify(value);
const valueWith = (behind: string) => json({ k: `${CANARY}${behind}` });
const env = (ask: string, more = '') => `- secret: ${ARN}\n  env: { A: ${ask} }\n${more}`;
const file = (ask: string) => `- secret: ${ARN}\n  files: { f: ${ask} }\n`;
const BLOCK = 'EC PRIVATE KEY';

type Case = readonly [
  code: FetchCode,
  name: string,
  form: string,
  value: string,
  options?: Readonly<Record<string, string>>,
];

const SELECTED: readonly Case[] = [
  ['VALUE_NOT_JSON', 'an expression on text', env('{ jmesPath: k }'), BROKEN],
  ['VALUE_NOT_JSON', 'a template on text', file('{ template: "{{k|raw}}" }'), BROKEN],
  ['VALUE_NOT_JSON', 'a dialect on text', file('{ format: json }'), BROKEN],
  [
    'VALUE_NOT_JSON',
    'a key in deep JSON',
    env('k'),
    `{"k":${'['.repeat(9000)}${JSON_CANARY}${']'.repeat(9000)}}`,
  ],
  [
    'VALUE_NOT_JSON',
    'an expression in deep JSON',
    env('{ jmesPath: "k[0]" }'),
    `{"k":${'['.repeat(9000)}${JSON_CANARY}${']'.repeat(9000)}}`,
  ],
  [
    'VALUE_NOT_SELECTABLE',
    'an expression of another type',
    env('{ jmesPath: "sum(k)" }'),
    json({ k: [CANARY] }),
  ],
  ['VALUE_NOT_SELECTABLE', 'text that is taken for a number', env('{ jmesPath: "abs(k)" }'), valueWith('')],
  [
    'VALUE_NOT_SELECTABLE',
    'too long a result',
    env('{ jmesPath: "[*.[@,@,@],*.[@,@,@]]" }'),
    json({ k: CANARY.repeat(1000) }),
  ],
  ['VALUE_KEY_MISSING', 'an expression that finds nothing', env('{ jmesPath: k.a }'), valueWith('')],
  ['VALUE_NOT_DECODABLE', 'no base64', file('{ key: k, decode: base64 }'), valueWith('')],
  [
    'VALUE_NOT_DECODABLE',
    'base64 that was cut',
    file('{ decode: base64 }'),
    btoa(`${CANARY}12`).slice(0, -1),
  ],
  [
    'VALUE_NOT_TEXT',
    'decoded bytes as a variable',
    env('{ key: k, decode: base64 }'),
    json({ k: btoa(`\xff${CANARY}`) }),
  ],
];

const WRITTEN: readonly Case[] = [
  ['VALUE_NOT_REPRESENTABLE', 'a template, a NUL', file('{ template: "{{k|shell}}" }'), valueWith('\0')],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a template, a control character',
    file('{ template: "{{k|xml}}" }'),
    valueWith('\x01'),
  ],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a template, half a pair',
    file('{ template: "{{k|json}}" }'),
    valueWith('\ud800'),
  ],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a template, too long',
    file('{ template: "{{k|raw}}{{k|raw}}" }'),
    json({ k: CANARY.repeat(1500) }),
  ],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a template, a key that is not there',
    file('{ template: "{{k.a|raw}}" }'),
    valueWith(''),
  ],
  ['VALUE_NOT_REPRESENTABLE', 'a file, docker', file('{ format: docker }'), valueWith('\n')],
  ['VALUE_NOT_REPRESENTABLE', 'a file, yaml', file('{ format: yaml }'), valueWith('\ud800')],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a file, deep',
    file('{ format: json }'),
    `{"k":${'['.repeat(80)}${JSON_CANARY}${']'.repeat(80)}}`,
  ],
  ['VALUE_NOT_REPRESENTABLE', 'a file, an array', file('{ format: shell }'), json([CANARY])],
  ...(['dotenv', 'docker', 'systemd', 'properties', 'json', 'yaml'] as const).map((format): Case => {
    const options = { 'env-mode': 'file', 'env-format': format };
    const wrong = {
      dotenv: '\r',
      docker: '\n',
      systemd: '\x01',
      properties: '\ud800',
      json: '\ud800',
      yaml: '\ud800',
    };
    return ['VALUE_NOT_REPRESENTABLE', `variables, ${format}`, env('k'), valueWith(wrong[format]), options];
  }),
  [
    'VALUE_NOT_REPRESENTABLE',
    'a native variable, too long',
    env('{}'),
    CANARY.padEnd(65_536, 'x'),
    { 'env-mode': 'native' },
  ],
  ...["'", '\r\n', '\0'].map(
    (behind): Case => [
      'VALUE_NOT_REPRESENTABLE',
      `a native variable, ${json(behind.slice(0, 4))}`,
      env('k'),
      valueWith(behind),
      { 'env-mode': 'native' },
    ],
  ),
];

const SPLIT: readonly Case[] = [
  ['VALUE_NOT_REPRESENTABLE', 'no bundle', file('{ pem: certificates }'), CANARY],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a damaged block',
    file('{ pem: private-key }'),
    `-----BEGIN ${BLOCK}-----\n${CANARY}\n-----END ${BLOCK}-----\n`,
  ],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a block on one line',
    file('{ pem: private-key }'),
    `-----BEGIN ${BLOCK}-----${CANARY}-----END ${BLOCK}-----\n`,
  ],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a block without its end',
    file('{ pem: private-key }'),
    `-----BEGIN ${BLOCK}-----\n${CANARY}\n`,
  ],
  [
    'VALUE_NOT_REPRESENTABLE',
    'a key without a certificate',
    file('{ pem: certificates }'),
    `${CANARY}\n-----BEGIN ${BLOCK}-----\nMAo=\n-----END ${BLOCK}-----\n`,
  ],
];

const NAMED: readonly Case[] = [
  [
    'VALUE_NAME_INVALID',
    'a key that is no name',
    `- { secret: ${ARN}, envFrom: { prefix: "A_" } }`,
    json({ 'a b': CANARY }),
  ],
  [
    'VALUE_NAME_REFUSED',
    'a key that steers',
    `- { secret: ${ARN}, envFrom: { case: upper } }`,
    json({ path: CANARY }),
  ],
  [
    'VALUE_NAME_TAKEN',
    'two keys of one name',
    `- { secret: ${ARN}, envFrom: { case: upper } }`,
    json({ a: CANARY, A: CANARY }),
  ],
  [
    'VALUE_NAME_TAKEN',
    'a key in the place of a directory',
    `- { secret: ${ARN}, files: { d/k/f: {} }, filesFrom: { directory: d } }`,
    valueWith(''),
  ],
];

describe.each(Object.entries({ SELECTED, WRITTEN, SPLIT, NAMED }))('%s', (_kind, cases) => {
  for (const [code, name, secrets, value, options = { 'env-mode': 'shell' }] of cases) {
    it(`${code}: ${name}`, async () => {
      stage.aws.standIn.putSecret({ arn: ARN, value });
      stage.expectSilence(await stage.run(planFor({ secrets, ...options })), code);
      expect(stage.aws.stage.listing()).toEqual([]);
    });
  }
});

it('what stands between the hyphens of a bundle may be the secret itself', async () => {
  const password = 'HUNTER2 AND MORE';
  const bundles = [
    `-----BEGIN ${password}-----\nMAo=\n`,
    `-----BEGIN ${password}-----\n!\n-----END ${password}-----\n`,
    `-----BEGIN ${password}-----\n-----BEGIN ${BLOCK}-----\n`,
  ];
  for (const value of bundles) {
    stage.aws.standIn.putSecret({ arn: ARN, value });
    const finished = await stage.run(planFor({ secrets: file('{ pem: certificates }') }));
    expect([finished.code, finished.termination.split(' ', 1)]).toEqual([14, ['VALUE_NOT_REPRESENTABLE']]);
    expect(finished.stderr).not.toContain('HUNTER2');
  }
});

it('a value that the form brings in place of another is the user’s text, and goes where it was asked for', async () => {
  stage.aws.standIn.putSecret({ arn: ARN, value: '{}' });
  const finished = await stage.run(
    planFor({ secrets: env("{ key: k, default: 'stand-in' }"), 'env-mode': 'shell' }),
  );
  expect([finished.code, stage.aws.stage.read('env').toString()]).toEqual([0, "A='stand-in'\n"]);
});
