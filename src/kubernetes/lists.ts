/** Reads a list of the API server in pages. */
import { field, textField } from '../core/json.ts';
import type { ApiAnswer, ApiQuestion, ClusterApi } from './api-client.ts';

export interface ListQuestion extends Pick<ApiQuestion, 'accept' | 'mostBytes'> {
  /** Without a query, such as /api/v1/nodes. */
  readonly path: string;
  /** Further parameters. */
  readonly query?: Readonly<Record<string, string>>;
  /** The number of objects in a page. */
  readonly limit: number;
  /** Bounds the requests to an API server that never ends its list. */
  readonly mostPages: number;
}

/** The pages of a list. The last one may be a refusal or a failure instead of an answer. */
export async function* pagesOf(
  api: ClusterApi,
  { path, query = {}, limit, mostPages, accept, mostBytes }: ListQuestion,
  signal: AbortSignal,
): AsyncGenerator<ApiAnswer> {
  let next = '';
  for (let page = 0; page < mostPages; page += 1) {
    const parameters = new URLSearchParams({ limit: String(limit), ...query });
    if (next !== '') parameters.set('continue', next);
    const answer = await api.ask({ path: `${path}?${parameters}`, accept, mostBytes }, signal);
    yield answer;
    if (answer.kind !== 'answer') return;
    next = textField(field(answer.json, 'metadata'), 'continue') ?? '';
    if (next === '') return;
  }
  yield { kind: 'failed', what: `the list of ${path.split('/').at(-1)} has more than ${mostPages} pages` };
}
