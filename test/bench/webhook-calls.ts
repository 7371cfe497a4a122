/** What the API server measured of its calls of the webhook. */
import type { Api } from '../cluster/product/api.ts';

export interface WebhookCalls {
  /** Seconds, of all calls. */
  readonly sum: number;
  readonly count: number;
}

/** Reads the histogram of the API server. */
export async function webhookCalls(api: Pick<Api, 'kubectl'>): Promise<WebhookCalls> {
  const lines = (await api.kubectl('get', '--raw=/metrics')).split('\n');
  const total = (name: string): number =>
    lines
      .filter((line) => line.startsWith(`apiserver_admission_webhook_admission_duration_seconds_${name}{`))
      .filter((line) => line.includes('name="inject.secrets-injector.dev"'))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  return { sum: total('sum'), count: total('count') };
}
