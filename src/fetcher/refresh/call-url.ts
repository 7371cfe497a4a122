/** The action of `on-change` that calls a URL of the pod. */
import type { CallAction } from '../../core/plan/refresh.ts';
import type { Answer } from '../../runtime/answer.ts';
import { sendRequest } from '../../runtime/https-request.ts';
import type { LookProblem } from './messages.ts';

const LIMITS = { total: 10_000, bytes: 1024 * 1024 };

/**
 * Sends a POST request without a body: reloading changes the state of the application. Redirects are not followed, and the
 * content of the answer is not used.
 * @param subject the action, for the problem
 */
export async function callUrl({ url }: CallAction, subject: string): Promise<LookProblem | undefined> {
  const answer = await post(url);
  if (answer.ok && answer.status >= 200 && answer.status < 300) return undefined;
  return {
    code: 'CHANGE_CALL_FAILED',
    subject,
    wrong: answer.ok ? `the answer has status ${answer.status}` : `no answer (${answer.code})`,
    expected: 'the application must answer a POST request with a status from 200 to 299 within ten seconds',
  };
}

async function post(text: string): Promise<Answer> {
  const url = new URL(text);
  const { host } = url;
  if (url.hostname !== 'localhost') return send(url, host);
  // Not resolved, because the pod can give the name another address.
  url.hostname = '127.0.0.1';
  const answer = await send(url, host);
  if (answer.ok || answer.code !== 'ECONNREFUSED') return answer;
  url.hostname = '[::1]';
  const other = await send(url, host);
  return other.ok || other.code === 'ECONNREFUSED' ? other : answer;
}

function send(url: URL, host: string): Promise<Answer> {
  return sendRequest({ url, method: 'POST', headers: { host }, body: '', agent: false, limits: LIMITS });
}
