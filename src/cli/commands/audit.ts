/** The `audit` command: compares what pods request with what IAM allows and with the secrets that exist. */
import { type AuditReport, audit } from '../../core/advice/audit/audit.ts';
import { formatAuditMarkdown } from '../../core/advice/audit/format-markdown.ts';
import { formatAuditText } from '../../core/advice/audit/format-text.ts';
import { ok } from '../../core/problems/result.ts';
import { type CommandHelp, formatHelp } from '../../runtime/settings/help.ts';
import { readSettings } from '../../runtime/settings/settings.ts';
import { readFileInputs } from '../audit/file-inputs.ts';
import { readLive } from '../audit/live.ts';
import { formatAuditSarif } from '../audit/sarif.ts';
import { findWorkloads } from '../audit/workloads.ts';
import { readManifestFiles } from '../manifests/read-manifests.ts';
import { withFileFlag } from '../manifests/sources.ts';
import type { ReportPlace } from '../report/result.ts';
import { AUDIT_SETTINGS, type AuditValues } from './audit-settings.ts';
import { decisionSettings, repeatedRoles, rolesByAccount } from './iam-policy-settings.ts';

export const AUDIT_HELP: CommandHelp = {
  usage: 'audit [-f FILE|FOLDER]… [flags]',
  about: `Compares the secrets that pods request with IAM policies, and with the secrets that exist: access that is
granted but not used, or used but not granted, wildcards, trust policies that let others in, roles that
workloads share, rotation, and versions of running pods. What cannot be decided is reported as undecided.
No secret value is read. See docs/reference/audit.md.`,
  examples: [
    'aws-secrets-injector audit -f deploy/ --iam iam.json --secrets secrets.json',
    'aws-secrets-injector audit -f web.yaml --format html > audit.html',
    'kubectl get deploy,sa,pods -A -o json | aws-secrets-injector audit',
  ],
  settings: AUDIT_SETTINGS,
  variables: false,
};

/** Runs the command. @returns 0; 1 for findings of the level of --fail-on; 2 for invalid flags, and if not everything could be read */
export async function runAudit(argv: readonly string[]): Promise<number> {
  const settings = readSettings(AUDIT_SETTINGS, withFileFlag(argv), {}, repeatedRoles);
  if (settings.kind === 'help') {
    process.stdout.write(formatHelp(AUDIT_HELP));
    return 0;
  }
  if (settings.kind === 'problems') return fail(settings.problems);
  const { values } = settings;
  const given = readFileInputs(values);
  if (!given.ok) return fail(given.problem);
  const live = values.live ? await readLive(values, given.value, process.env) : ok(undefined);
  if (!live.ok) return fail(live.problem);
  const manifests = live.value?.manifests ?? readManifestFiles(values.file ?? ['-'], values.namespace);
  const found = findWorkloads(manifests.files, {
    roles: rolesByAccount(values),
    injection: decisionSettings(values),
  });
  for (const warning of manifests.warnings) process.stderr.write(`warning: ${warning}\n`);
  const report = audit({
    ...(live.value?.inputs ?? given.value),
    workloads: found.workloads,
    pods: found.pods,
    issuer: values.issuer?.host,
    cluster: values.cluster,
    audience: values.audience,
    roleTokenAudience: values['role-token-audience'],
    now: Date.now(),
  });
  // The rest is audited all the same, and the exit code says that something is missing.
  const problems = [...manifests.problems, ...found.problems];
  const shown = withoutIgnored(report, values, problems.length);
  process.stdout.write(
    await format(shown, values, { places: found.places, isComplete: problems.length === 0 }),
  );
  if (problems.length > 0) return fail(problems);
  return shown.findings.some(({ level }) => RANKS[level] >= RANKS[values['fail-on']]) ? 1 : 0;
}

const RANKS = { note: 0, warning: 1, error: 2, never: 3 } as const;

function withoutIgnored(report: AuditReport, { ignore }: AuditValues, unread: number): AuditReport {
  const findings = report.findings.filter(({ code }) => !ignore.includes(code));
  const ignored = report.findings.length - findings.length;
  const limits = [
    ...report.limits,
    ...(unread === 0
      ? []
      : [
          `What could not be read: ${unread} ${unread === 1 ? 'file or pod was' : 'files or pods were'} left out.`,
        ]),
    ...(ignored === 0
      ? []
      : [`What --ignore leaves out: ${ignored} ${ignored === 1 ? 'finding' : 'findings'}.`]),
  ];
  return { ...report, findings, limits };
}

async function format(
  report: AuditReport,
  { format: kind }: AuditValues,
  { places, isComplete }: { readonly places: ReadonlyMap<string, ReportPlace>; readonly isComplete: boolean },
): Promise<string> {
  switch (kind) {
    case 'text':
      return formatAuditText(report);
    case 'json':
      return `${JSON.stringify({ version: 1, ...report }, undefined, 2)}\n`;
    case 'sarif':
      return formatAuditSarif(report, places, isComplete);
    case 'markdown':
      return formatAuditMarkdown(report);
    case 'html':
      return (await import('../audit/page/page.ts')).formatAuditPage(report);
  }
}

function fail(problems: readonly string[]): number {
  process.stderr.write(problems.map((problem) => `audit: ${problem}\n`).join(''));
  return 2;
}
