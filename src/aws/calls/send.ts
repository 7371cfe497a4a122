/** One request over a connection of a `PreopenedAgent`, with the certificate authorities that it needs. */
import { type Answer, type Request, sendRequest } from '../../runtime/https-request.ts';
import { secureContext, trustsMore } from '../connections/trust.ts';

/** Sends a request, a second time if the first connection trusted too few authorities. Never rejects. */
export async function sendToAws(request: Request): Promise<Answer> {
  const used = secureContext();
  const answer = await sendRequest(request);
  // Nothing was sent over a connection that is not trusted.
  return !answer.ok && trustsMore(answer.code, used) ? sendRequest(request) : answer;
}
