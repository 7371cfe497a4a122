/** Requests that create an object, and the messages of refusals, over real connections. */
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { makeClusterApi } from '../../../src/kubernetes/api-client.ts';
import { send, startApiServer } from './api-server.ts';

const NEVER = new AbortController().signal;
const QUESTION = {
  path: '/api/v1/namespaces/shop/pods?dryRun=All',
  accept: 'application/json',
  mostBytes: 65_536,
};

test('create sends a POST with JSON', async () => {
  const api = await startApiServer();
  let received: Promise<readonly [string | undefined, string | undefined, string]> | undefined;
  const describe = async (request: IncomingMessage) =>
    [request.method, request.headers['content-type'], await text(request)] as const;
  api.trouble = (request, response) => {
    received = describe(request);
    send(response, 201, { kind: 'Pod' });
    return true;
  };
  const answer = await makeClusterApi(api.place).ask({ ...QUESTION, create: '{"kind":"Pod"}' }, NEVER);
  expect(answer).toMatchObject({ kind: 'answer', json: { kind: 'Pod' } });
  expect(await received).toEqual(['POST', 'application/json', '{"kind":"Pod"}']);
});

test('a refusal contains the message only if the question asks for it', async () => {
  const api = await startApiServer();
  const message = `pods "x" is forbidden: ${'a'.repeat(10_000)}`;
  api.trouble = (_, response) => {
    send(response, 403, { kind: 'Status', message });
    return true;
  };
  const client = makeClusterApi(api.place);
  expect(await client.ask(QUESTION, NEVER)).toEqual({ kind: 'refused', status: 403 });
  expect(await client.ask({ ...QUESTION, explain: true }, NEVER)).toEqual({
    kind: 'refused',
    status: 403,
    message: message.slice(0, 4000),
  });
});
