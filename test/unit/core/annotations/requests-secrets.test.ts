import { expect, it } from 'vitest';
import { requestsSecrets } from '../../../../src/core/annotations/annotations.ts';
import { FAMILIES, FORM, OPTIONS } from '../../../../src/core/names/annotation-keys.ts';

const PREFIX = 'secrets-injector.dev/';

it('families, the form and unknown keys request secrets; options and aliases do not', () => {
  for (const family of Object.keys(FAMILIES))
    expect(requestsSecrets({ [`${PREFIX}${family}.x`]: 'a' }), family).toBe(family !== 'secret');
  expect(requestsSecrets({ [PREFIX + FORM]: 'a' })).toBe(true);
  expect(requestsSecrets({ [`${PREFIX}typo`]: 'a' })).toBe(true);
  expect(requestsSecrets({ 'Secrets-Injector.dev/env-mode': 'file' })).toBe(true);
  for (const option of [...Object.keys(OPTIONS), 'injection'])
    expect(requestsSecrets({ [PREFIX + option]: 'a' }), option).toBe(false);
  expect(requestsSecrets({ 'other.example/x': 'a' })).toBe(false);
  expect(requestsSecrets(undefined)).toBe(false);
});

it('a pod that opts out requests nothing', () => {
  expect(requestsSecrets({ [`${PREFIX}file.x`]: 'a', [`${PREFIX}inject`]: ' false\n' })).toBe(false);
  expect(requestsSecrets({ [`${PREFIX}file.x`]: 'a', [`${PREFIX}inject`]: 'true' })).toBe(true);
});
