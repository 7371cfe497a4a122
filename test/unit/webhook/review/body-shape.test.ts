import { describe, expect, it } from 'vitest';
import { isUnlikeReview } from '../../../../src/webhook/review/body-shape.ts';

const MIB = 1024 * 1024;
const unlike = (text: string) => isUnlikeReview(Buffer.from(text));

describe('the shape of a body', () => {
  it.each([
    ['nested lists', '['.repeat(MIB)],
    ['nested objects', '{"a":'.repeat(MIB)],
    ['small lists', `[${'[],'.repeat(MIB)}[]]`],
    ['small objects', `[${'{},'.repeat(MIB)}{}]`],
    ['objects of one key each', `[${'{"a":"bcdef"},'.repeat(MIB / 4)}{}]`],
    ['an object of many keys', `{${'"a":0,'.repeat(MIB)}"a":0}`],
    ['a list of many numbers', `[${'1,'.repeat(MIB)}1]`],
    ['lists within a string that looks closed', `["\\\\",${'[],'.repeat(MIB)}[]]`],
    ['lists after an escaped quote', `["\\"",${'[],'.repeat(MIB)}[]]`],
  ])('is not that of a review with %s', (_name, text) => expect(unlike(text)).toBe(true));

  it.each([
    ['brackets in text', JSON.stringify({ a: '[{'.repeat(MIB) })],
    ['brackets behind quotes in text', JSON.stringify({ a: '\\"[{\\'.repeat(MIB) })],
    ['text that is not closed', `{"a":"${'['.repeat(MIB)}`],
    [
      'many variables',
      JSON.stringify({ env: Array.from({ length: 100_000 }, (_, at) => ({ name: `V${at}` })) }),
    ],
    [
      'managed fields',
      JSON.stringify(
        Array.from({ length: 20_000 }, (_, at) => ({ [`k:{"name":"V${at}"}`]: { '.': {}, 'f:name': {} } })),
      ),
    ],
    ['small and odd', '['.repeat(1000)],
  ])('is that of a review with %s', (_name, text) => expect(unlike(text)).toBe(false));
});
