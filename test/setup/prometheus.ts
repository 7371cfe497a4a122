/** Builds Prometheus before the tests, once for all files. Without Go, the tests skip themselves. */
import { prometheusUnavailable, providePrometheus } from '../monitoring/prometheus.ts';

export async function setup(): Promise<void> {
  if (prometheusUnavailable() === undefined) await providePrometheus();
}
