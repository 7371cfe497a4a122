/** The report of a migration, for people: as text and as Markdown. */
import type { Migration } from './migrate.ts';
import type { Fate, ReportEntry } from './report.ts';

const TITLES: Readonly<Record<Fate, string>> = {
  carried: 'carried',
  changed: 'changed',
  'not-carried': 'not carried',
};

/** What to do after the changes, a line each. */
export function nextSteps({ namespaces, unneeded, kept, entries }: Migration): readonly string[] {
  const isLeft = entries.some(({ fate }) => fate === 'not-carried');
  return [
    ...(isLeft ? ['Read what is not carried, and decide about it.'] : []),
    ...namespaces.map(
      (namespace) => `kubectl label namespace ${namespace} secrets-injector.dev/injection=enabled`,
    ),
    ...(namespaces.length > 0
      ? [
          'Give the roles of the pods the permissions that aws-secrets-injector iam-policy prints for the new manifests.',
          'Apply the manifests, and wait until all pods are replaced.',
        ]
      : []),
    ...unneeded.map((object) => `Delete ${object}: no pod of these manifests needs it any more.`),
    ...kept.map((object) => `Keep ${object}: what is not carried needs it.`),
  ];
}

/** The counts of the entries: `12 carried, 3 changed, 1 not carried`. */
export function summaryOf({ entries }: Migration): string {
  const count = (fate: Fate) => `${entries.filter((entry) => entry.fate === fate).length} ${TITLES[fate]}`;
  return (['carried', 'changed', 'not-carried'] as const).map(count).join(', ');
}

/** Text for the terminal. */
export function formatReport(migration: Migration): string {
  const lines: string[] = [];
  for (const [object, entries] of byObject(migration.entries)) {
    lines.push(object);
    for (const { field, fate, what, instead } of entries)
      lines.push(
        `  ${TITLES[fate].padEnd(11)} ${field === '' ? '' : `${field}: `}${what}${instead === undefined ? '' : `; ${instead}`}`,
      );
  }
  lines.push(summaryOf(migration));
  const steps = nextSteps(migration);
  if (steps.length > 0) lines.push('', 'Next steps:', ...steps.map((step, index) => `${index + 1}. ${step}`));
  return `${lines.join('\n')}\n`;
}

/** Markdown for a pull request. */
export function formatMarkdown(migration: Migration): string {
  const tables = [...byObject(migration.entries)].map(([object, entries]) => {
    const rows = entries.map(
      ({ field, fate, what, instead }) =>
        `| ${code(field)} | ${TITLES[fate]} | ${cell(what)} | ${cell(instead ?? '')} |`,
    );
    return [
      `## ${code(object)}`,
      '',
      '| field | result | what | nearest way |',
      '| --- | --- | --- | --- |',
      ...rows,
    ].join('\n');
  });
  const steps = nextSteps(migration).map((step, index) => `${index + 1}. ${cell(step)}`);
  const sections = [
    `# Migration: ${summaryOf(migration)}`,
    ...(steps.length === 0 ? [] : [steps.join('\n')]),
    ...tables,
  ];
  return `${sections.join('\n\n')}\n`;
}

function byObject(entries: readonly ReportEntry[]): ReadonlyMap<string, readonly ReportEntry[]> {
  const objects = new Map<string, ReportEntry[]>();
  for (const entry of entries) {
    const known = objects.get(entry.object) ?? [];
    known.push(entry);
    objects.set(entry.object, known);
  }
  return objects;
}

function code(text: string): string {
  return text === '' ? '' : `\`${text.replaceAll('`', "'").replaceAll('|', '\\|').replaceAll('\n', ' ')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;');
}
