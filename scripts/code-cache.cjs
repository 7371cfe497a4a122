/**
 * Writes secrets-manager.cache beside secrets-manager.cjs. Runs under the very Node that will use it, also inside the
 * image's build, so it is plain CommonJS. One request is sent to a server of its own first: functions that ran are
 * in the cache compiled, those that did not would be compiled at every start.
 */
const { writeFileSync, readFileSync, rmSync } = require('node:fs');
const { createServer } = require('node:http');
const { createRequire } = require('node:module');
const https = require('node:https');
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

  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/x-amz-json-1.1');
      response.end(
        JSON.stringify({
          ARN: 'arn',
          Name: 'name',
          VersionId: 'v',
          SecretString: '{}',
          VersionStages: [],
          CreatedDate: 1,
        }),
      );
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const reader = module.exports.openSecretReader({
    region: 'eu-west-1',
    endpoint: new URL(`http://127.0.0.1:${server.address().port}`),
    credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' },
    agent: new https.Agent(),
  });
  const answer = await reader.read({ arn: 'arn' }, new AbortController().signal);
  if (!answer.value) throw new Error('the bundle did not read a value while its code cache was made');
  writeFileSync(cache, script.createCachedData());
  reader.close();
  server.closeAllConnections();
  server.close();
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
