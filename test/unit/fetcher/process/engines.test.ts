/** The bundles for JMESPath and templates, loaded as the fetcher does. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ok } from '../../../../src/core/problems/result.ts';
import { readDocument } from '../../../../src/core/secret/secret-json.ts';
import { SecretValue } from '../../../../src/core/secret/secret-value.ts';
import { loadEngines } from '../../../../src/fetcher/process/engines.ts';
import { buildFetcherBundle, type FetcherBundle } from '../../../fetcher/bundle.ts';

let bundle: FetcherBundle;
beforeAll(async () => {
  bundle = await buildFetcherBundle();
});
afterAll(() => bundle.remove());

const document = readDocument(new SecretValue('{"endpoints":[{"host":"db","port":5432.0}]}')) ?? {
  root: null,
};

it('selects and renders what another bundle has parsed', () => {
  const { selectByJmesPath, renderTemplate } = loadEngines(bundle.load);
  expect(selectByJmesPath('endpoints[0].port', document)).toEqual(ok('5432.0'));
  expect(renderTemplate('{{#endpoints}}{{host}}={{port}}{{/endpoints}}', 'json', document)).toEqual(
    ok('"db"=5432.0'),
  );
});

it('reads nothing before a function is called', () => {
  const selection = loadEngines((name) => {
    throw new Error(`loads ${name}`);
  });
  expect(() => selection.selectByJmesPath('a', document)).toThrow('loads jmespath');
  expect(() => selection.renderTemplate('a', undefined, document)).toThrow('loads template');
});
