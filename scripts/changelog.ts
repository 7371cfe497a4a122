/** Versions in CHANGELOG.md: which ones are released, and the release of what is not. */

const UNRELEASED = /^## Unreleased\b.*$/m;
const RELEASED = /^## (\d+\.\d+\.\d+\S*) \(\d{4}-\d\d-\d\d\)$/gm;
/** https://semver.org, without build metadata, which an image tag cannot represent. */
const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** @returns the versions with a section of their own, newest first */
export function releasedVersions(changelog: string): readonly string[] {
  return [...changelog.matchAll(RELEASED)].map(([, version = '']) => version);
}

/** @returns the text below the heading of a version, or undefined if it has none */
export function notesOf(changelog: string, version: string): string | undefined {
  return sectionAfter(changelog, new RegExp(`^## ${version.replaceAll('.', '\\.')} \\(.*\\)$`, 'm'));
}

/**
 * Moves what is unreleased into a section of the version.
 * @param date as YYYY-MM-DD
 * @throws Error that says why this version cannot be released
 */
export function release(changelog: string, version: string, date: string): string {
  const numbers = parseVersion(version);
  if (numbers === undefined) throw new Error(`${version} is not a version such as 1.2.3 or 1.2.3-rc.1`);
  const newer = releasedVersions(changelog).find((one) => compareVersions(version, one) <= 0);
  if (newer !== undefined) throw new Error(`${version} is not greater than the released version ${newer}`);
  const section = sectionAfter(changelog, UNRELEASED);
  if (section === undefined) throw new Error('CHANGELOG.md has no section "## Unreleased"');
  if (!/^[-*] \S/m.test(section)) throw new Error('the section "## Unreleased" of CHANGELOG.md is empty');
  return changelog.replace(UNRELEASED, () => `## Unreleased\n\n## ${version} (${date})`);
}

/** The order of https://semver.org. @returns less than, equal to or greater than 0 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left === undefined || right === undefined) throw new Error(`not two versions: ${a}, ${b}`);
  return compareLists(left.numbers, right.numbers) || comparePreReleases(left.preRelease, right.preRelease);
}

interface Version {
  readonly numbers: readonly string[];
  readonly preRelease: readonly string[];
}

function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const [, major = '', minor = '', patch = '', preRelease] = match;
  return { numbers: [major, minor, patch], preRelease: preRelease?.split('.') ?? [] };
}

/** A version is greater than its own pre-releases. */
function comparePreReleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  return compareLists(a, b);
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index];
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before texts. */
function compareIdentifiers(a: string, b: string): number {
  const [left, right] = [a, b].map((one) => (/^\d+$/.test(one) ? Number(one) : undefined));
  if (left !== undefined && right !== undefined) return left - right;
  if (left !== undefined) return -1;
  if (right !== undefined) return 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function sectionAfter(changelog: string, heading: RegExp): string | undefined {
  const match = heading.exec(changelog);
  if (match === null) return undefined;
  const rest = changelog.slice(match.index + match[0].length);
  const end = rest.search(/^## /m);
  return (end < 0 ? rest : rest.slice(0, end)).trim();
}
