/** Builds all programs before the tests: `node test/cluster/toolchain/main.ts [1.34 1.35 1.37]`. Without versions, also Helm. */
import { build } from './build.ts';
import { provideToolchain } from './toolchain.ts';
import { DEFAULT_KUBERNETES, HELM_VERSIONS, helmModules, KUBERNETES_VERSIONS } from './versions.ts';

const asked = process.argv.slice(2);
const unknown = asked.filter((version) => !KUBERNETES_VERSIONS.some((known) => known === version));
if (unknown.length > 0)
  throw new Error(`Kubernetes ${unknown.join(', ')} is not supported; use ${KUBERNETES_VERSIONS.join(', ')}`);
for (const version of KUBERNETES_VERSIONS)
  if (asked.includes(version) || (asked.length === 0 && version === DEFAULT_KUBERNETES))
    process.stdout.write(`${JSON.stringify(await provideToolchain('node', version), undefined, 2)}\n`);
if (asked.length === 0)
  for (const version of HELM_VERSIONS) process.stdout.write(`${await build(helmModules(version))}\n`);
