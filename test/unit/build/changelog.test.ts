/** Which versions can be released, and what becomes of the changelog. */
import { describe, expect, it } from 'vitest';
import { compareVersions, notesOf, release, releasedVersions } from '../../../scripts/changelog.ts';

const CHANGELOG = `# Changelog

Text.

## Unreleased

### Changed

- The second change.

## 0.2.0 (2026-11-01)

- The first change.

## 0.1.0 (2026-10-01)

- The first version.
`;

describe('a release', () => {
  it('gets what was unreleased, and the next one starts empty', () => {
    const changed = release(CHANGELOG, '0.3.0', '2026-11-26');
    expect(changed).toContain(
      '## Unreleased\n\n## 0.3.0 (2026-11-26)\n\n### Changed\n\n- The second change.\n',
    );
    expect(notesOf(changed, '0.3.0')).toBe('### Changed\n\n- The second change.');
    expect(releasedVersions(changed)).toEqual(['0.3.0', '0.2.0', '0.1.0']);
    expect(() => release(changed, '0.4.0', '2026-11-27')).toThrow('"## Unreleased" of CHANGELOG.md is empty');
  });

  it('keeps everything else, dollar signs included', () => {
    const dollars = CHANGELOG.replace('second', () => "$& $' second");
    const changed = release(dollars, '0.3.0', '2026-11-26');
    expect(changed.replace('\n\n## 0.3.0 (2026-11-26)', '')).toBe(dollars);
  });

  it.each(['1', '1.2', 'v1.2.3', '1.2.3+build', '01.2.3', '1.2.3-', '../1.2.3', ''])(
    '%j is no version',
    (version) => {
      expect(() => release(CHANGELOG, version, '2026-11-26')).toThrow('is not a version such as 1.2.3');
    },
  );

  it.each(['0.2.0', '0.1.9', '0.2.0-rc.1'])('%s is not greater than 0.2.0', (version) => {
    expect(() => release(CHANGELOG, version, '2026-11-26')).toThrow(
      `${version} is not greater than the released version 0.2.0`,
    );
  });

  it('requires the section', () => {
    const without = CHANGELOG.replace('## Unreleased', '## Next');
    expect(() => release(without, '0.3.0', '2026-11-26')).toThrow('has no section "## Unreleased"');
  });
});

it('a heading of another version with the same start is not its section', () => {
  expect(notesOf('## 0x1.0 (2026-10-01)\n\n- A\n', '0.1.0')).toBeUndefined();
  expect(notesOf('## 0.1.0-rc.1 (2026-10-01)\n\n- A\n', '0.1.0')).toBeUndefined();
});

it('versions have the order of semver.org', () => {
  const sorted = [
    ...['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11'],
    ...['1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '2.0.0'],
  ];
  for (const [i, a] of sorted.entries())
    for (const [j, b] of sorted.entries())
      expect(Math.sign(compareVersions(a, b)), `${a} ${b}`).toBe(Math.sign(i - j));
});
