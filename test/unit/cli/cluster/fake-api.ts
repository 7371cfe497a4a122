/** An API server for unit tests: answers by the path of the question. */
import type { ApiAnswer, ApiQuestion, ClusterApi } from '../../../../src/kubernetes/api-client.ts';

/** @param answer undefined for an empty list */
export function fakeApi(answer: (question: ApiQuestion) => ApiAnswer | undefined): ClusterApi {
  return {
    ask: async (question) => answer(question) ?? { kind: 'answer', json: { items: [] } },
  };
}
