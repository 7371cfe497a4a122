import { afterEach, expect, it, vi } from 'vitest';
import { checkUninstall } from '../../../../src/cli/commands/check-uninstall.ts';
import type { ApiAnswer } from '../../../../src/kubernetes/api-client.ts';
import { fakeApi } from './fake-api.ts';

afterEach(() => vi.restoreAllMocks());

/** Runs the check against a cluster with these Deployments. @returns its exit code and its output */
async function check(
  deployments: ApiAnswer,
  warn = false,
): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const api = fakeApi(({ path }) => (path.includes('/deployments') ? deployments : undefined));
  const code = await checkUninstall(api, { release: 'web', namespace: 'platform', revision: 7, warn });
  return { code, text };
}

function requesting(count: number): ApiAnswer {
  const items = Array.from({ length: count }, (_, index) => ({
    metadata: { namespace: 'shop', name: `web-${String(index).padStart(3, '0')}` },
    spec: { template: { metadata: { annotations: { 'secrets-injector.dev/file.x': 'arn' } } } },
  }));
  return { kind: 'answer', json: { items } };
}

it('passes if no workload requests secrets', async () => {
  expect(await check(requesting(0))).toEqual({ code: 0, text: 'no workload requests secrets\n' });
});

it('lists workloads and the ways out, with complete commands', async () => {
  const { code, text } = await check(requesting(1));
  expect(code).toBe(1);
  expect(text).toContain('1 workload requests secrets:\n  Deployment shop/web-000\nAfter');
  expect(text).toContain('helm uninstall web --namespace platform --no-hooks\n');
  expect(text).toContain('helm rollback web 7 --namespace platform\n');
});

it('only warns if asked to', async () => {
  const { code, text } = await check(requesting(2), true);
  expect(code).toBe(0);
  expect(text).toContain('2 workloads request secrets:');
  expect(text).not.toContain('helm');
});

it('lists at most 100 workloads', async () => {
  const { text } = await check(requesting(103));
  expect(text).toContain('shop/web-099\n  and 3 more\n');
  expect(text).not.toContain('shop/web-100');
});

it('refuses if the cluster cannot be read, and says why', async () => {
  const { code, text } = await check({ kind: 'refused', status: 403 });
  expect(code).toBe(1);
  expect(text).toContain('check-uninstall: cannot list deployments: status 403\nNothing was deleted.');
});
