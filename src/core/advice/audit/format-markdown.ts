/** The report of an audit as Markdown, such as for a ticket or the summary of a pipeline. */
import type { AuditReport } from './audit.ts';
import type { AuditFinding } from './findings.ts';
import { AUDIT_CODES, ruleOf } from './rules.ts';
import { summaryOf } from './summary.ts';

/** GitHub cuts comments at 65,536 characters. */
const MOST_ROWS = 100;

/** @returns a page with a section for each code, and a final line feed */
export function formatAuditMarkdown(report: AuditReport): string {
  const byCode = Map.groupBy(report.findings, ({ code }) => code);
  const levels = new Map(AUDIT_CODES.map((code) => [code, ruleOf(code)]));
  const sections = [...byCode].map(([code, findings]) => {
    const { meaning, action } = levels.get(code) ?? ruleOf(code);
    const rows = findings.slice(0, MOST_ROWS).map(row);
    const more = findings.length - rows.length;
    return [
      `## ${findings[0]?.level ?? ''}: ${code}\n`,
      `${meaning} ${action}\n`,
      '| subject | finding | workloads |',
      '| --- | --- | --- |',
      ...rows,
      ...(more > 0 ? [`\nAnd ${more} more.`] : []),
      '',
    ].join('\n');
  });
  const limits = report.limits.map((one) => `- ${plain(one)}\n`).join('');
  return `# Audit of secrets\n\n${report.at}: ${summaryOf(report)}.\n\n${sections.join('\n')}${sections.length === 0 ? '' : '\n'}## Not checked\n\n${limits}`;
}

function row({ subject, message, items, more, workloads }: AuditFinding): string {
  const list = [...items.map(code), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
  const text = `${plain(message)}${list === '' ? '' : `: ${list}`}`;
  return `| ${code(subject)} | ${text} | ${workloads.map(code).join(', ')} |`;
}

/** Text as code: a table ends cells at bars even within code. */
function code(text: string): string {
  const safe = text.replaceAll('|', '\\|');
  return safe.includes('`') ? `\`\` ${safe} \`\`` : `\`${safe}\``;
}

/** Without markup, HTML and mentions. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>()#+!|@&~]/g, '\\$&');
}
