import { expect, it } from 'vitest';
import { DOCTOR_SETTINGS } from '../../../src/cli/commands/doctor.ts';
import { CHECKS } from '../../../src/cli/doctor/checks/all.ts';
import { code, expectParts, readPage, table } from './page.ts';

const PAGE = 'docs/reference/doctor.md';

it('the page lists the checks', () => {
  const rows = CHECKS.map(({ name, about }) => [code(name), about]);
  expectParts(PAGE, { checks: table(['check', 'what it reads'], rows) });
});

it('the page lists all flags', () => {
  const flags = readPage(PAGE).split('## Flags')[1]?.split('\n## ')[0] ?? '';
  const listed = [...flags.matchAll(/`--([a-z-]+)`/g)].map(([, name]) => name);
  expect(listed.sort()).toEqual(Object.keys(DOCTOR_SETTINGS).sort());
});
