/** Settings of the webhook that name files. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readWebhookSettings } from '../../../src/webhook/settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(content: string | undefined) {
  const file = path.join(folder, 'policy.yaml');
  rmSync(file, { force: true });
  if (content !== undefined) writeFileSync(file, content);
  const flags = ['--image', 'registry.example/injector:1', '--policy-file', file];
  const result = readWebhookSettings(flags, {});
  const shown = (one: string) => one.replace(file, 'FILE');
  return result.kind === 'problems' ? result.problems.map(shown) : result.kind;
}

it('accepts a policy', () => expect(read('rules: []')).toBe('settings'));

it.each([
  [undefined, '--policy-file: "FILE" cannot be read (ENOENT)'],
  [
    '',
    '--policy-file: "FILE" is not a valid policy: the file is empty; write "rules: []" for a policy that allows everything',
  ],
  [
    'rules: []\nrule: []\nnamespaces: []',
    '--policy-file: "FILE" is not a valid policy: line 2, rule: the field does not exist here; did you mean rules? | line 3, namespaces: the list is empty; use a list of namespaces such as [shop, "shop-*"], or remove the field to allow all',
  ],
])('does not start with the policy %j', (content, problem) => expect(read(content)).toEqual([problem]));
