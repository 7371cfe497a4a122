/** manifests/monitoring and its guide, as far as they can be checked without Prometheus: see also test/monitoring. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FETCH_CODES } from '../../../src/core/problems/fetch-codes.ts';
import { makeMetrics } from '../../../src/webhook/metrics.ts';
import { dashboard, GUIDE, metricNames, RULES_FILE, rules } from '../../monitoring/queries.ts';
import { readPage } from '../docs/page.ts';
import { at, listAt, MANIFESTS, only } from './manifest-files.ts';

const COMMAND = 'UPDATE_MANIFESTS=1 ./scripts/test unit';
const guide = readPage(GUIDE);

const plain = readFileSync(RULES_FILE, 'utf8');
const groups = plain.slice(plain.search(/^groups:/m));

function expectCurrent(name: string, current: string): void {
  const file = path.join(MANIFESTS, name);
  if (process.env['UPDATE_MANIFESTS'] === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, current);
  }
  expect(existsSync(file) && readFileSync(file, 'utf8'), `run ${COMMAND}`).toBe(current);
}

it('the chart has the rules and the dashboard', () => {
  expectCurrent('chart/files/rules.yaml', groups);
  expectCurrent(
    'chart/files/dashboard.json',
    readFileSync(path.join(MANIFESTS, 'monitoring/dashboard.json'), 'utf8'),
  );
});

it('the PrometheusRule has the groups of the plain rules', () => {
  const current = `# Generated from prometheus/rules.yaml (update with ${COMMAND}).
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: aws-secrets-injector
  namespace: aws-secrets-injector
  labels:
    app.kubernetes.io/name: aws-secrets-injector
    app.kubernetes.io/part-of: aws-secrets-injector
spec:
${groups.replaceAll(/^(?=.)/gm, '  ')}`;
  expectCurrent('monitoring/prometheus-rule.yaml', current);
});

describe('alerts', () => {
  const alerts = rules().filter(({ alert }) => alert !== undefined);

  it.each(alerts.map(({ alert }) => alert ?? ''))('%s says what happens and where to read on', (name) => {
    const { labels, annotations } = alerts.find(({ alert }) => alert === name) ?? {};
    expect(name).toMatch(/^SecretsInjector[A-Z]/);
    expect(['critical', 'warning']).toContain(labels?.['severity']);
    expect(annotations).toEqual({
      summary: expect.stringMatching(/\.$/),
      description: expect.stringMatching(/\.$/),
      runbook_url: `${GUIDE}#${name.toLowerCase()}`,
    });
  });

  it('have a section each in the guide, in their order', () => {
    const sections = [...guide.matchAll(/^### (SecretsInjector\w+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(alerts.map(({ alert }) => alert));
  });
});

describe('the dashboard', () => {
  const { panels } = dashboard();
  const shown = panels.filter(({ type }) => type !== 'row');

  it('has panels that do not overlap, on 24 columns', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)} ${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.each(shown.map(({ title }) => title))('panel %s has queries and a description', (title) => {
    const panel = shown.find((one) => one.title === title);
    expect(panel?.description).toMatch(/\.$/);
    const targets = panel?.targets ?? [];
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    for (const { datasource } of targets)
      expect(datasource).toEqual({ type: 'prometheus', uid: expect.stringContaining('datasource') });
  });

  it('is explained in the guide', () => {
    const rows = [...guide.matchAll(/^\| ([^|`]+) \| [^|]+\|$/gm)].flatMap(([, names = '']) => [
      names,
      ...names.split(', '),
    ]);
    expect(shown.map(({ title }) => title).filter((title) => !rows.includes(title))).toEqual([]);
  });
});

it('rules, dashboard and guide use metrics that the webhook has', async () => {
  const exported = await makeMetrics().render();
  const names = [...metricNames(/^(?:secrets_injector|process|nodejs)_/)];
  expect(names.length).toBeGreaterThan(15);
  const families = [...exported.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
  expect(names.filter((name) => !families.includes(name.replace(/_(?:bucket|sum|count)$/, '')))).toEqual([]);
});

it('the guide lists every exit code', () => {
  const section = guide.split('### Categories of failures')[1]?.split('## Alerts')[0] ?? '';
  const listed = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
  const codes = new Set(Object.values(FETCH_CODES).map(({ exit }) => exit));
  expect(listed).toEqual([...codes].toSorted((one, other) => one - other));
});

it('the PodMonitor selects the pods of the Deployment and their port', () => {
  const monitor = only('monitoring/pod-monitor.yaml');
  const deployment = only('base/deployment.yaml');
  expect(at(deployment, 'spec.template.metadata.labels')).toMatchObject(
    at(monitor, 'spec.selector.matchLabels') as object,
  );
  expect(at(monitor, 'metadata.namespace')).toBe(at(deployment, 'metadata.namespace'));
  const ports = listAt(deployment, 'spec.template.spec.containers.0.ports').map((port) => at(port, 'name'));
  expect(ports).toContain(at(monitor, 'spec.podMetricsEndpoints.0.port'));
});
