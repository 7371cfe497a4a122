/**
 * Writes the SBOM of the image, in SPDX 2.3: `npm run sbom -- --platform linux/arm64 --base FOLDER --output FILE`.
 *
 * `npm sbom` describes the packages. This program keeps those that esbuild put into the bundles, and adds what npm does
 * not know: Node.js with the libraries in it, and the Debian packages of the base image. SOURCE_DATE_EPOCH and the
 * content determine every byte.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { bundledPackages, ROOT } from './bundled-packages.ts';
import { type DebianPackage, debianPackages } from './debian-packages.ts';

interface Package {
  readonly name: string;
  readonly SPDXID: string;
  readonly versionInfo: string;
  readonly [member: string]: unknown;
}

/** What is used of the output of `npm sbom`. */
interface NpmSbom {
  readonly creationInfo: { readonly creators: readonly string[] };
  readonly packages: readonly (Package & { readonly packageFileName: string })[];
}

/** Members of process.versions that are not libraries: versions of interfaces and of data. */
const NO_LIBRARIES = ['node', 'modules', 'napi', 'cldr', 'tz', 'unicode'];
const DOCUMENT = 'SPDXRef-DOCUMENT';

function main(): void {
  const { values } = parseArgs({
    options: { platform: { type: 'string' }, base: { type: 'string' }, output: { type: 'string' } },
  });
  const { platform, base, output } = values;
  if (platform === undefined || base === undefined || output === undefined)
    throw new Error('usage: npm run sbom -- --platform OS/ARCH --base FOLDER --output FILE');
  const npm = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'spdx', '--package-lock-only'], {
      cwd: ROOT,
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    }),
  ) as NpmSbom;
  const epoch = Number(process.env['SOURCE_DATE_EPOCH'] ?? 0);
  mkdirSync(path.dirname(output), { recursive: true });
  writeFileSync(output, makeSbom(npm, platform, debianPackages(base), new Date(epoch * 1000)));
}

function makeSbom(npm: NpmSbom, platform: string, base: readonly DebianPackage[], created: Date): string {
  const [root] = npm.packages;
  if (root === undefined) throw new Error('npm sbom describes no package');
  const npmPackage = (folder: string): Package => {
    const found = npm.packages.find(({ packageFileName }) => packageFileName === folder);
    if (found === undefined) throw new Error(`npm sbom does not describe ${folder}`);
    return withoutFileName(found);
  };
  const image: Package = { ...withoutFileName(root), primaryPackagePurpose: 'CONTAINER' };
  const node = nodePackage(npmPackage(nodeFolder(platform)));
  const libraries = Object.entries(process.versions)
    .filter(([name, version]) => !NO_LIBRARIES.includes(name) && version !== '' && version !== undefined)
    .map(([name, version = '']) => describe('node', name, version, `pkg:generic/${name}@${version}`));
  const contained = [node, ...bundledPackages().map(npmPackage), ...base.map(debianPackage)];
  const content = {
    packages: [image, ...contained, ...libraries],
    relationships: [
      related(DOCUMENT, 'DESCRIBES', image),
      ...contained.map((one) => related(image.SPDXID, 'CONTAINS', one)),
      ...libraries.map((one) => related(node.SPDXID, 'CONTAINS', one)),
    ],
  };
  const hash = createHash('sha256')
    .update(JSON.stringify([platform, content]))
    .digest('hex');
  const name = `${image.name}-${image.versionInfo}-${platform.replace('/', '-')}`;
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT,
    name,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${hash}`,
    creationInfo: {
      created: created.toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: [...npm.creationInfo.creators, `Tool: ${image.name}-${path.basename(import.meta.filename)}`],
    },
    ...content,
  };
  return `${JSON.stringify(document, undefined, 1)}\n`;
}

function withoutFileName(one: NpmSbom['packages'][number]): Package {
  const { packageFileName: _, ...rest } = one;
  return rest;
}

function nodeFolder(platform: string): string {
  const [, arch = ''] = platform.split('/');
  return `node_modules/node-linux-${arch === 'amd64' ? 'x64' : arch}`;
}

/** The package of npm with the executable of Node.js, under the names by which vulnerabilities are published. */
function nodePackage(one: Package): Package {
  const version = one.versionInfo;
  if (`v${version}` !== process.version)
    throw new Error(`this is Node.js ${process.version}, and the image contains ${version}`);
  const cpe = `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`;
  return {
    ...one,
    name: 'node',
    externalRefs: [
      reference('PACKAGE-MANAGER', 'purl', `pkg:generic/node@${version}`),
      reference('PACKAGE-MANAGER', 'purl', `pkg:npm/${one.name}@${version}`),
      reference('SECURITY', 'cpe23Type', cpe),
    ],
  };
}

function debianPackage({ name, version, architecture }: DebianPackage): Package {
  const purl = `pkg:deb/debian/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${architecture}`;
  return describe('deb', name, version, purl);
}

function describe(kind: string, name: string, version: string, purl: string): Package {
  return {
    name,
    SPDXID: `SPDXRef-Package-${kind}-${`${name}-${version}`.replaceAll(/[^A-Za-z0-9.-]/g, '-')}`,
    versionInfo: version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    externalRefs: [reference('PACKAGE-MANAGER', 'purl', purl)],
  };
}

function reference(referenceCategory: string, referenceType: string, referenceLocator: string): object {
  return { referenceCategory, referenceType, referenceLocator };
}

function related(spdxElementId: string, relationshipType: string, to: Package): object {
  return { spdxElementId, relationshipType, relatedSpdxElement: to.SPDXID };
}

main();
