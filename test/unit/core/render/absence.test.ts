/** The rows of docs/reference/values.md about what is absent, as far as rendering decides them. */
import { describe, expect, it } from 'vitest';
import { nativeEntry } from '../../../../src/core/additions/native-variables.ts';
import {
  NEED,
  NEEDS,
  type Need,
  OPTIONAL_ROWS,
  OPTIONAL_STATES,
  type OptionalState,
  RENDERED_ROWS,
} from '../../../values/absence.ts';
import { renderOne } from '../../../values/render.ts';

const WAYS = [
  ['variable', { env: (takes: object) => ({ env: [{ name: 'A', secret: 0, ...takes }] }) }],
  ['file', { env: (takes: object) => ({ files: [{ path: 'f', secret: 0, ...takes }] }) }],
] as const;

describe.each(RENDERED_ROWS)('$state', ({ secret, takes, verdicts }) => {
  describe.each(WAYS)('as a %s', (way, { env: viewOf }) => {
    it.each(NEEDS)('%s', (need) => {
      const rendered = renderOne(viewOf({ ...takes, ...NEED[need] }), secret);
      const written = (text: string) =>
        way === 'variable' ? { files: { env: `A='${text}'\n` } } : { files: { f: text } };
      switch (verdicts[need]) {
        case 'value':
          return expect(rendered).toMatchObject(written(secret === '{"key":""}' ? '' : 'v'));
        case 'default':
          return expect(rendered).toMatchObject(written('stands in'));
        case 'absent':
          return expect(rendered).toEqual({ files: way === 'variable' ? { env: '' } : {}, directories: [] });
        default:
          return expect(rendered).toEqual({ codes: [verdicts[need]] });
      }
    });
  });
});

describe.each(OPTIONAL_ROWS)('optional: $asked', (row) => {
  it.each(Object.entries(OPTIONAL_STATES))('%s', (state, secret) => {
    const { files = {}, directories = [], code } = row[state as OptionalState];
    expect(renderOne(row.view, secret)).toEqual(
      code === undefined ? { files, directories } : { codes: [code] },
    );
  });
});

describe('a default is written as it is', () => {
  it.each([
    ['a file with a format', { format: 'json' as const }],
    ['a file of a part of a bundle', { pem: 'certificates' as const }],
    ['a file that is decoded', { decode: 'base64' as const }],
  ])('%s', (_name, takes) => {
    const file = { path: 'f', secret: 0, default: 'stands in', ...takes };
    expect(renderOne({ files: [file] }, undefined)).toEqual({ files: { f: 'stands in' }, directories: [] });
  });
});

it('a native variable that may be absent is optional for kubelet; with a default it is always there', () => {
  const entryOf = (...needs: readonly Need[]) =>
    nativeEntry(
      { name: 'A', secret: 0, ...Object.assign({}, ...needs.map((need) => NEED[need])) },
      'aws-secrets',
    )['valueFrom'];
  const reference = { volumeName: 'aws-secrets', path: 'env', key: 'A' };
  expect(entryOf('required')).toEqual({ fileKeyRef: reference });
  expect(entryOf('optional')).toEqual({ fileKeyRef: { ...reference, optional: true } });
  expect(entryOf('default')).toEqual({ fileKeyRef: reference });
  expect(entryOf('optional', 'default')).toEqual({ fileKeyRef: reference });
});
