/** The published JSON Schema of the policy is generated from the definition. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { policySchema } from '../../../src/core/policy/json-schema.ts';
import { ROOT } from './page.ts';

const FILE = path.join(ROOT, 'schema/policy.schema.json');

it('schema/policy.schema.json is current (UPDATE_DOCS=1 writes it)', () => {
  const current = `${JSON.stringify(policySchema(), null, 2)}\n`;
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(FILE, current);
  expect(readFileSync(FILE, 'utf8')).toBe(current);
});
