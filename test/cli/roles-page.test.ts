/** docs/guides/roles.md: the settings work as the page says, and its policies are those that iam-policy prints. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { field } from '../../src/core/json.ts';
import { kindOf } from '../guides/kinds.ts';
import { readGuide } from '../guides/page.ts';
import { bundleCli, runCli } from './program.ts';

const { text, steps } = readGuide('docs/guides/roles.md');
const SETTINGS = steps
  .flatMap((step) => (step.kind === 'commands' ? step.commands : []))
  .filter((command) => kindOf(command) === 'setting');
const [METADATA = ''] = blocks('yaml');
const ISSUER = 'https://oidc.example.com/shop';

let cli: string;
beforeAll(async () => {
  cli = await bundleCli();
});
afterAll(() => rmSync(path.dirname(cli), { recursive: true }));

/** The blocks of a language, in the page's order. */
function blocks(language: string): readonly string[] {
  const all = text.matchAll(new RegExp(`^( *)\`\`\`${language}\\n(.*?)^ *\`\`\`$`, 'gms'));
  return [...all].map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

function podOf(namespace: string, annotations: object): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace, annotations },
    spec: {
      serviceAccountName: 'web',
      containers: [{ name: 'app', image: 'shop/web:1', command: ['/bin/sh', '-c', 'run'] }],
    },
  });
}

it('finds the settings', () => expect(SETTINGS).toHaveLength(2));

it.each(SETTINGS)('%s allows this role, and no other', async (setting) => {
  const [, flag = '', namespace = '', role = ''] = /^(--[\w-]+) '([^=]+)=([^']+)'$/.exec(setting) ?? [];
  const render = async (roleArn: string) => {
    const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf';
    const annotations = {
      'secrets-injector.dev/role-arn': roleArn,
      'secrets-injector.dev/file.db.json': secret,
    };
    const args = ['render', '--image', 'shop/injector:1', flag, `${namespace}=${role}`];
    return await runCli(cli, args, podOf(namespace.replace('*', 'one'), annotations));
  };
  const allowed = await render(role.replace('*', 'reader'));
  expect(allowed.code, allowed.stderr).toBe(0);
  const other = await render('arn:aws:iam::111122223333:role/admin');
  expect(other.code).not.toBe(0);
  expect(other.stderr).toContain('ROLE_NOT_ALLOWED');
});

it('the trust policies are those that iam-policy prints', async () => {
  const annotations = field(field(parse(METADATA), 'metadata'), 'annotations') as Record<string, string>;
  const { code, stdout, stderr } = await runCli(
    cli,
    ['iam-policy', '--trust', 'irsa', '--issuer', ISSUER],
    podOf('shop', annotations),
  );
  expect(code, stderr).toBe(0);
  const trustOf = (key: string): unknown =>
    field(field(JSON.parse(stdout), annotations[`secrets-injector.dev/${key}`] ?? ''), 'trustPolicy');
  const [first, second] = blocks('json').map((block): unknown => JSON.parse(block));
  expect(first).toEqual(trustOf('role-arn'));
  expect(second).toEqual(trustOf('assume-role-arn'));
});
