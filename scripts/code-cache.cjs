/**
 * Writes secrets-manager.cache beside secrets-manager.cjs. Runs under the very Node that will use it, also inside the
 * image's build, so it is plain CommonJS. One request is made first, without a network: functions that ran are
 * in the cache compiled, those that did not would be compiled at every start.
 */
const { writeFileSync, readFileSync, rmSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

async function main(directory) {
  const filename = path.join(directory, 'secrets-manager.cjs');
  const cache = path.join(directory, 'secrets-manager.cache');
  rmSync(cache, { force: true });
  // The same wrapper as src/fetcher/process/load-bundle.ts: the cache belongs to the exact text.
  const source = readFileSync(filename, 'utf8');
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`;
  const script = new vm.Script(wrapped, { filename });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, directory);

  const content = {
    ARN: 'arn',
    Name: 'name',
    VersionId: 'v',
    SecretString: '{}',
    VersionStages: [],
    CreatedDate: 1,
  };
  const reader = module.exports.openSecretReader({
    region: 'eu-west-1',
    endpoint: new URL('https://localhost'),
    credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' },
    send: async () => ({
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.1', date: new Date().toUTCString() },
      body: Buffer.from(JSON.stringify(content)),
    }),
  });
  const answer = await reader.read({ arn: 'arn' }, new AbortController().signal);
  if (!answer.value) throw new Error('the bundle did not read a value while its code cache was made');
  writeFileSync(cache, script.createCachedData());
  reader.close();
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
