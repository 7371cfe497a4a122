/** Which pods the guard checks: those with a key that requests something, or with one that does not exist. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Api } from '../../api.ts';
import { pod } from '../../pods.ts';
import { arnOf } from '../../secrets.ts';

const QUIET: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['without annotations', {}],
  ['with an alias alone', { 'secrets-injector.dev/secret.db': arnOf('guard') }],
  ['with an option alone', { 'secrets-injector.dev/env-mode': 'file' }],
  ['with a role alone', { 'secrets-injector.dev/role-arn': 'x' }],
  [
    'with aliases and options',
    { 'secrets-injector.dev/secret.db': arnOf('guard'), 'secrets-injector.dev/mount-path': '/x' },
  ],
  ['with a key of another prefix', { 'example.com/secrets-injector.dev': 'x' }],
  [
    'that opted out, with a line feed after the value',
    { 'secrets-injector.dev/env.A': arnOf('guard'), 'secrets-injector.dev/inject': 'false\n' },
  ],
];

const ASKING: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['with a variable', { 'secrets-injector.dev/env.A': arnOf('guard') }],
  ['with the YAML form', { 'secrets-injector.dev/secrets': '[]' }],
  ['with a misspelt option', { 'secrets-injector.dev/env-mod': 'file' }],
  ['with a misspelt family', { 'secrets-injector.dev/secert.db': arnOf('guard') }],
  ['with a prefix in upper case', { 'Secrets-Injector.dev/env.A': arnOf('guard') }],
  ['with an option and a prefix in upper case', { 'Secrets-Injector.dev/env-mode': 'file' }],
];

/** Without the webhook, so that an asking pod is rejected. */
export function guardedRequests(api: () => Api): void {
  describe('requests', () => {
    let optedIn = '';
    let other = '';
    beforeAll(async () => {
      optedIn = await api().namespace();
      other = await api().namespace({});
    });

    it.each(QUIET)('a pod %s is admitted in every namespace', async (_what, annotations) => {
      for (const namespace of [optedIn, other]) {
        const { status, stderr } = await api().create(pod(namespace, { annotations }), '--dry-run=server');
        expect([status, stderr]).toEqual([0, '']);
      }
    });

    it.each(ASKING)('a pod %s is rejected', async (_what, annotations) => {
      const refused = await api().create(pod(optedIn, { annotations }), '--dry-run=server');
      expect(refused.stderr).toContain('the init container aws-secrets-fetch was not injected');
      const elsewhere = await api().create(pod(other, { annotations }), '--dry-run=server');
      expect(elsewhere.stderr).toContain('injection is not enabled in its namespace');
    });
  });
}

/** Takes seconds of the API server alone, so it must not run beside other tests. */
export function guardedLargeRequest(api: () => Api): void {
  // The API server limits the cost of match conditions; a pod that asks for nothing must not reach it.
  it('a pod with as many annotations as an object can have is admitted', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 40_000 }, (_, index) => [index.toString(36).padStart(3, 'a'), '']),
    );
    const quiet = pod(await api().namespace(), { annotations: many });
    expect((await api().create(quiet, '--dry-run=server')).stderr).toBe('');
  });
}
