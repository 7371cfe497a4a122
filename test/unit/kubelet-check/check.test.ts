/** The check program as kubelet runs it: a process with variables, an exit code and a file for its last words. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FETCH_CODES } from '../../../src/core/problems/fetch-codes.ts';
import { TERMINATION_LOG } from '../../../src/runtime/termination-message.ts';
import { BUILT_EXECUTABLE } from '../../fetcher/bundle.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-check-'));
const terminationLog = path.join(folder, TERMINATION_LOG);

mkdirSync(path.dirname(terminationLog));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(env: Readonly<Record<string, string>>) {
  writeFileSync(
    terminationLog,
    'what was there before, and is longer than any message of the program. '.repeat(9),
  );
  const ended = spawnSync(BUILT_EXECUTABLE, ['check', '--root', folder], { env, encoding: 'utf8' });
  return { ...ended, message: readFileSync(terminationLog, 'utf8') };
}

it('ends with 0 and says nothing where the kubelet has set the probe', () => {
  expect(run({ SECRETS_INJECTOR_PROBE: 'ok' })).toMatchObject({
    status: 0,
    stdout: '',
    stderr: '',
    message: expect.stringMatching(/^what was there before/),
  });
});

// Empty is what a kubelet without the feature sets; the quotes are left on by the format of 1.34.
it.each([
  {},
  { SECRETS_INJECTOR_PROBE: '' },
  { SECRETS_INJECTOR_PROBE: "'ok'" },
  { SECRETS_INJECTOR_PROBE: 'ok ' },
])('ends with KUBELET_TOO_OLD for %j', (env) => {
  const { status, stdout, stderr, message } = run({ ...env, NODE_NAME: 'ip-10-0-0-1.ec2.internal' });
  expect(status).toBe(FETCH_CODES.KUBELET_TOO_OLD.exit);
  expect(stdout).toBe('');
  expect(stderr).toBe(`${message}\n`);
  expect(message).toBe(
    'KUBELET_TOO_OLD env-mode: the kubelet of node "ip-10-0-0-1.ec2.internal" does not support fileKeyRef, so native ' +
      'variables would be empty; upgrade the node to Kubernetes 1.35 or later, or set env-mode to shell or file',
  );
});

it('needs neither the name of the node nor a file for its message', () => {
  const absent = path.join(folder, 'absent');
  const { status, stderr } = spawnSync(BUILT_EXECUTABLE, ['check', '--root', absent], {
    env: {},
    encoding: 'utf8',
  });
  expect(status).toBe(16);
  expect(stderr).toContain('the kubelet does not support fileKeyRef');
  expect(existsSync(absent)).toBe(false);
});
