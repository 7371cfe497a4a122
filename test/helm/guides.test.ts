/** The examples of docs/guides/gitops.md: their values pass the schema, and their releases have the default names. */
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { field } from '../../src/core/json.ts';
import { readPage } from '../unit/docs/page.ts';
import { helmUnavailable, NAME, provideHelm, template } from './helm.ts';

const missing = helmUnavailable('4');
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

const [argo, flux] = [...readPage('docs/guides/gitops.md').matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text = '']) => field(parse(text), 'spec'),
);
const source = field(argo, 'source');

describe.skipIf(missing !== undefined)('the examples for GitOps', () => {
  let helm = '';
  beforeAll(async () => {
    helm = await provideHelm('4');
  }, 1_800_000);

  it.each([
    ['Argo CD', field(field(source, 'helm'), 'valuesObject')],
    ['Flux', field(flux, 'values')],
  ])('%s: the chart accepts the values', async (_, values) => {
    const { status, stderr } = await template(
      helm,
      ...Object.entries(values as object).map(
        ([name, value]) => `--set-json=${name}=${JSON.stringify(value)}`,
      ),
    );
    expect(status, stderr).toBe(0);
  });

  it('the chart and the names are those of this project', () => {
    expect(field(source, 'path')).toBe('manifests/chart');
    expect(field(field(field(flux, 'chart'), 'spec'), 'chart')).toBe('manifests/chart');
    expect([
      field(field(source, 'helm'), 'releaseName'),
      field(field(argo, 'destination'), 'namespace'),
      field(flux, 'releaseName'),
      field(flux, 'targetNamespace'),
    ]).toEqual(Array(4).fill(NAME));
  });
});
