import { afterEach, expect, it, vi } from 'vitest';
import { checkInstallation } from '../../../../src/cli/commands/check-installation.ts';
import type { ApiAnswer } from '../../../../src/kubernetes/api-client.ts';
import { fakeApi } from './fake-api.ts';

afterEach(() => vi.restoreAllMocks());

const INJECTED: ApiAnswer = {
  kind: 'answer',
  json: { spec: { initContainers: [{ name: 'aws-secrets-fetch' }] } },
};
const PLAIN: ApiAnswer = { kind: 'answer', json: { spec: { containers: [] } } };
const refused = (message: string, status = 403): ApiAnswer => ({ kind: 'refused', status, message });
const GUARD_REFUSAL = refused(
  "pods \"installation-check-x\" is forbidden: ValidatingAdmissionPolicy 'aws-secrets-injector-not-opted-in' with binding 'aws-secrets-injector-not-opted-in' denied request: the pod requests AWS secrets",
);
const UNREACHABLE =
  'Internal error occurred: failed calling webhook "inject.secrets-injector.dev": failed to call webhook: ';

/** Runs the check without waiting. @returns its exit code and its output */
async function check(
  injection: ApiAnswer,
  guard: ApiAnswer | 'not checked' = GUARD_REFUSAL,
): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const api = fakeApi(({ path }) =>
    path.includes('/opted-in/') || guard === 'not checked' ? injection : guard,
  );
  const guardNamespace = guard === 'not checked' ? undefined : 'other';
  const code = await checkInstallation(api, { namespace: 'opted-in', guardNamespace, deadline: 0 });
  return { code, text };
}

it('passes for an injected pod and a guard that rejects', async () => {
  const { code, text } = await check(INJECTED);
  expect(code).toBe(0);
  expect(text).toBe(
    'ok    injection: a pod that requests a secret is injected\nok    guard: the guard rejects a pod in a namespace that has not opted in\n',
  );
});

it.each([
  [PLAIN, 'FAIL  injection: the pod was not injected, and nothing rejected it'],
  [
    refused(
      "ValidatingAdmissionPolicy 'aws-secrets-injector' with binding 'aws-secrets-injector' denied request: x",
    ),
    'FAIL  injection: the pod was not injected, and the guard rejected it',
  ],
  [
    refused(
      "ValidatingAdmissionPolicy 'aws-secrets-injector-image' with binding 'x' denied request: other image",
    ),
    'FAIL  injection: the guard rejected the injected pod: ValidatingAdmissionPolicy',
  ],
  [
    refused(`${UNREACHABLE}no endpoints available for service "aws-secrets-injector"`, 500),
    'No replica is ready.',
  ],
  [
    refused(`${UNREACHABLE}x509: certificate signed by unknown authority`, 500),
    'does not trust the certificate',
  ],
  [refused(`${UNREACHABLE}context deadline exceeded`, 500), 'block port 8443'],
  [refused(`${UNREACHABLE}dial tcp: connect: connection refused`, 500), 'cannot reach the pods'],
  [refused(`${UNREACHABLE}EOF`, 500), 'Check the log of the webhook.'],
  [
    refused('admission webhook "validate.other.example" denied the request: images need a digest'),
    'the pod was rejected (status 403): admission webhook "validate.other.example" denied the request: images need a digest',
  ],
  [
    { kind: 'failed', what: 'no answer in time' } as const,
    'the API server does not answer: no answer in time',
  ],
])('says what failed: %j', async (answer, expected) => {
  const { code, text } = await check(answer);
  expect(code).toBe(1);
  expect(text).toContain(expected);
  expect(text).toContain('ok    guard');
});

it('passes if the policy of the operator denies the made-up secret', async () => {
  const denial =
    'admission webhook "inject.secrets-injector.dev" denied the request: POLICY_DENIED: rule "shop"';
  expect((await check(refused(denial))).code).toBe(0);
  const other = 'admission webhook "inject.secrets-injector.dev" denied the request: FILE_NAME_INVALID';
  expect((await check(refused(other))).code).toBe(1);
});

it('says that the guard is missing, or that something else rejects', async () => {
  expect((await check(INJECTED, PLAIN)).text).toContain('FAIL  guard: the guard is missing');
  expect((await check(INJECTED, refused('exceeded quota'))).text).toContain(
    'something else rejected the pod before the guard (status 403): exceeded quota',
  );
  const { text } = await check(INJECTED, 'not checked');
  expect(text).not.toContain('guard');
});

it('tries again until the deadline what can disappear by itself, and nothing else', async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.useFakeTimers();
  const settling =
    'pods is forbidden: error looking up service account opted-in/default: serviceaccount "default" not found';
  const answers: ApiAnswer[] = [refused(settling), refused(`${UNREACHABLE}EOF`, 500), INJECTED];
  const api = fakeApi(() => answers.shift());
  const parts = { namespace: 'opted-in', guardNamespace: undefined, deadline: Date.now() + 60_000 };
  const running = checkInstallation(api, parts);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await running).toBe(0);
  const [denied, left] = [refused('no'), INJECTED];
  const once = [denied, left];
  expect(
    await checkInstallation(
      fakeApi(() => once.shift()),
      parts,
    ),
  ).toBe(1);
  expect(once).toEqual([left]);
  vi.useRealTimers();
});
