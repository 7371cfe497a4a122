/**
 * Lints the manifests of public projects: no crash, no finding as they are, and with requests for secrets in every pod no
 * error but those below. Their versions are pinned, so the table of docs/reference/lint.md is the same on every machine.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lintText } from '../../src/cli/lint/lint-text.ts';
import { asReviewed } from '../../src/cli/manifests/render-text.ts';
import { eachDocument } from '../../src/cli/yaml/documents.ts';
import { lintPod } from '../../src/core/advice/lint/lint-pod.ts';
import { levelOf } from '../../src/core/advice/lint/rules.ts';
import { asObject, field } from '../../src/core/json.ts';
import { podTemplates } from '../../src/core/pod/pod-templates.ts';
import { ROOT, readPage, table } from '../unit/docs/page.ts';

const MODULES = [
  'k8s.io/kubernetes@v1.35.0',
  'istio.io/istio@v0.0.0-20260827124520-eed52ebb66ad',
  'github.com/argoproj/argo-cd/v2@v2.14.11',
  'github.com/argoproj/argo-rollouts@v1.8.3',
  'github.com/cert-manager/cert-manager@v1.21.2',
  'github.com/external-secrets/external-secrets@v1.3.2',
  'github.com/fluxcd/flux2/v2@v2.9.5',
  'github.com/kedacore/keda/v2@v2.21.0',
  'github.com/kyverno/kyverno@v1.19.1',
  'github.com/open-policy-agent/gatekeeper/v3@v3.23.1',
  'github.com/prometheus-operator/prometheus-operator@v0.85.0',
  'github.com/zegl/kube-score@v1.20.0',
  'knative.dev/serving@v0.51.0',
  'sigs.k8s.io/cluster-api@v1.14.2',
  'sigs.k8s.io/kueue@v0.17.0',
];

/** What the webhook rejects in these pods, and why that is right. */
const RIGHT_ERRORS: Readonly<Record<string, string>> = {
  POD_MALFORMED: 'the API server rejects the pod as well, in tests of validation and in patches',
  CONTAINERS_EMPTY: 'gateways of Istio consist of a proxy alone',
};

const PAGE = 'docs/reference/lint.md';
const TABLE = /(\| project \|.*?)\n(?=\n|$)/s;

const SETTINGS = {
  injection: { image: 'aws-secrets-injector:1', sidecars: { can: true } as const },
  detectsPlainText: true,
};

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';
const REQUESTS = {
  'secrets-injector.dev/file.db.json': ARN,
  'secrets-injector.dev/env.INJECTED_PASSWORD': `${ARN}:password`,
};

/** The codes of all errors. */
const seen = new Set<string>();

const hasGo = spawnSync('go', ['version']).status === 0;
if (!hasGo) process.stderr.write('the public manifests are skipped: go is missing\n');

interface Counts {
  files: number;
  documents: number;
  unread: number;
  pods: number;
}

function manifestsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size < 64 * 2 ** 20)
    .toSorted();
}

/** Lints a file as it is, and every pod of it with requests. @returns the wrong findings, a line each */
function lintFile(file: string, counts: Counts): readonly string[] {
  const text = readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  const context = { namespace: 'default', settings: SETTINGS, isEnabled: () => true, isNamed: false };
  const linted = lintText(text, context);
  counts.files += 1;
  counts.documents += linted.documents;
  counts.unread += linted.leftOut;
  const wrong = linted.findings.map(({ rule, message }) => `${rule} ${message}`);
  for (const document of eachDocument(text)) {
    if (!document.ok) continue;
    for (const { pod } of podTemplates(asReviewed(document.value.data), 'default')) {
      counts.pods += 1;
      wrong.push(...wrongErrors(pod));
    }
  }
  return wrong;
}

function wrongErrors(pod: unknown): readonly string[] {
  const metadata = asObject(field(pod, 'metadata')) ?? {};
  const annotations = { ...asObject(metadata['annotations']), ...REQUESTS };
  const json = { ...asObject(pod), metadata: { ...metadata, annotations } };
  const errors = lintPod({ json, namespace: 'default' }, SETTINGS).filter(
    ({ rule }) => levelOf(rule) === 'error',
  );
  for (const { rule } of errors) seen.add(rule);
  return errors
    .filter(({ rule }) => !Object.hasOwn(RIGHT_ERRORS, rule))
    .map(({ rule, message }) => `with requests: ${rule} ${message}`);
}

describe.skipIf(!hasGo)('public manifests', () => {
  let folder: string;
  const rows: string[][] = [];
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-corpus-'));
    writeFileSync(path.join(folder, 'go.mod'), 'module corpus\n');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(MODULES)('%s', (module) => {
    const output = execFileSync('go', ['mod', 'download', '-json', module], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { Dir: at } = JSON.parse(output) as { readonly Dir: string };
    const counts: Counts = { files: 0, documents: 0, unread: 0, pods: 0 };
    const wrong = manifestsBelow(at).flatMap((file) =>
      lintFile(file, counts).map((line) => `${path.relative(at, file)}: ${line}`),
    );
    expect(wrong).toEqual([]);
    expect(counts.pods).toBeGreaterThan(0);
    const { files, documents, unread, pods } = counts;
    rows.push([
      `\`${module}\``,
      ...[files, documents, unread, pods].map((count) => count.toLocaleString('en-US')),
    ]);
  });

  it('every right error occurs', () =>
    expect([...seen].toSorted()).toEqual(Object.keys(RIGHT_ERRORS).toSorted()));

  it(`the table of ${PAGE} is current`, () => {
    expect(rows).toHaveLength(MODULES.length);
    const sum = [1, 2, 3, 4].map((column) =>
      rows.reduce((total, row) => total + Number(row[column]?.replaceAll(',', '')), 0),
    );
    const last = ['**all**', ...sum.map((count) => `**${count.toLocaleString('en-US')}**`)];
    const head = ['project', 'files', 'documents', 'not read', 'pods'];
    const current = readPage(PAGE).replace(TABLE, () => `${table(head, [...rows, last])}\n`);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(path.join(ROOT, PAGE), current);
    else expect(readPage(PAGE)).toBe(current);
  });
});
