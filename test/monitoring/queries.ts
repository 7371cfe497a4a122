/** All queries of the rules, the dashboard and the guide. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const MONITORING = path.join(ROOT, 'manifests/monitoring');
export const RULES_FILE = path.join(MONITORING, 'prometheus/rules.yaml');
export const DASHBOARD_FILE = path.join(MONITORING, 'dashboard.json');
export const GUIDE = 'docs/guides/monitoring.md';

export interface Query {
  /** For the name of a test. */
  readonly what: string;
  /** Without the variables of Grafana. */
  readonly expr: string;
}

interface RuleGroups {
  readonly groups: readonly { readonly rules: readonly Rule[] }[];
}

export interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly instant: boolean;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface Dashboard {
  readonly uid: string;
  readonly panels: readonly Panel[];
}

export function rules(): readonly Rule[] {
  const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as RuleGroups;
  return groups.flatMap((group) => group.rules);
}

export function dashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD_FILE, 'utf8')) as Dashboard;
}

/** The query of a panel, as Grafana sends it for all namespaces. */
export function asSent({ expr }: Pick<Target, 'expr'>): string {
  return expr.replaceAll('$__rate_interval', '5m').replaceAll('$namespace', '.*');
}

export function guideQueries(): readonly Query[] {
  const page = readFileSync(path.join(ROOT, GUIDE), 'utf8');
  return [...page.matchAll(/```promql\n(.*?)```/gs)].map(([, expr = ''], index) => ({
    what: `query ${index + 1} of the guide`,
    expr: expr.trim(),
  }));
}

export function allQueries(): readonly Query[] {
  return [
    ...rules().map(({ alert, record, expr }) => ({ what: alert ?? record ?? '', expr })),
    ...dashboard().panels.flatMap(({ title, targets = [] }) =>
      targets.map((target) => ({ what: `panel ${title}`, expr: asSent(target) })),
    ),
    ...guideQueries(),
  ];
}

/** The names of metrics that begin with a prefix, in any query. */
export function metricNames(prefix: RegExp): ReadonlySet<string> {
  const names = allQueries().flatMap(({ expr }) => [...expr.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:]*/g)]);
  return new Set(names.map(([name]) => name).filter((name) => prefix.test(name)));
}
