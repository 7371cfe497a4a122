/** Access to a cluster through kubectl: a program that answers as its proxy does. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ClusterAccess, openCluster } from '../../../../src/cli/cluster/access.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-access-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Writes a program. @param body gets its arguments as `args` */
function program(name: string, body: string): string {
  const file = path.join(folder, name);
  const lines = [`#!${process.execPath}`, 'const args = process.argv.slice(2);', body];
  writeFileSync(file, lines.join('\n'), { mode: 0o755 });
  return file;
}

/** Answers with what it was asked, or with an error of the proxy for the path /broken. */
const PROXY = `
const socket = args.find((one) => one.startsWith('--unix-socket=')).slice(14);
require('node:fs').writeFileSync(__filename + '.pid', String(process.pid));
require('node:http').createServer((request, response) => {
  if (request.url === '/broken') {
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('getting credentials: exec: executable aws not found\\n\\nIt looks like you …\\n');
  } else if (request.url === '/forbidden') {
    response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ message: 'nodes is forbidden' }));
  } else if (request.url === '/metrics') response.end('a 1\\n');
  else response.end(JSON.stringify({ args, method: request.method, accept: request.headers.accept, socket }));
}).listen(socket, () => console.log('Starting to serve on ' + socket));`;

async function open(kubectl: string, more: object = {}, env = {}): Promise<ClusterAccess> {
  const opened = await openCluster({ context: undefined, kubeconfig: undefined, kubectl, ...more }, env);
  if (!opened.ok) throw new Error(opened.problem);
  return opened.value;
}

const { signal } = new AbortController();
const ask = { accept: 'application/json', mostBytes: 1024 * 1024 };

it('asks through the proxy of kubectl, and leaves nothing behind', async () => {
  const kubectl = program('kubectl', PROXY);
  // The variable of a pod does not count if a cluster is selected.
  const access = await open(
    kubectl,
    { context: 'shop', kubeconfig: '/a/b' },
    { KUBERNETES_SERVICE_HOST: '1.2.3.4' },
  );
  expect([access.isInPod, access.kubectl]).toEqual([false, [kubectl, '--context=shop', '--kubeconfig=/a/b']]);
  const answer = await access.api.ask({ path: '/version', ...ask }, signal);
  const json = answer.kind === 'answer' ? (answer.json as Record<string, unknown>) : {};
  expect(answer).toMatchObject({ kind: 'answer', at: expect.any(Number) });
  expect(json).toMatchObject({ method: 'GET', accept: 'application/json' });
  expect(json['args']).toEqual([
    '--context=shop',
    '--kubeconfig=/a/b',
    'proxy',
    `--unix-socket=${String(json['socket'])}`,
    '--reject-methods=^(PUT|PATCH|DELETE)$',
  ]);
  const text = await access.api.ask({ path: '/metrics', ...ask, plain: true }, signal);
  expect(text).toMatchObject({ kind: 'answer', json: 'a 1\n' });
  const refused = await access.api.ask({ path: '/forbidden', ...ask, explain: true }, signal);
  expect(refused).toEqual({ kind: 'refused', status: 403, message: 'nodes is forbidden' });
  access.close();
  expect(existsSync(path.dirname(String(json['socket'])))).toBe(false);
  const pid = Number(readFileSync(`${kubectl}.pid`, 'utf8'));
  await expect.poll(() => isRunning(pid)).toBe(false);
});

it('passes on why kubectl cannot sign in', async () => {
  const access = await open(program('signs-in-not', PROXY));
  const answer = await access.api.ask({ path: '/broken', ...ask }, signal);
  access.close();
  expect(answer).toEqual({
    kind: 'failed',
    what: 'kubectl does not reach the API server: getting credentials: exec: executable aws not found',
    lasting: true,
  });
});

it('says why kubectl does not start', async () => {
  const kubectl = program('fails', `console.error('error: context "x" does not exist'); process.exit(1);`);
  await expect(open(kubectl)).rejects.toThrow('ended with exit code 1: error: context "x" does not exist');
  await expect(open('/nowhere/kubectl')).rejects.toThrow(
    '/nowhere/kubectl was not found: install it, or set --kubectl',
  );
});

it('uses the service account in a pod', async () => {
  const access = await open('/nowhere/kubectl', {}, { KUBERNETES_SERVICE_HOST: '1.2.3.4' });
  expect(access.isInPod).toBe(true);
  access.close();
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
