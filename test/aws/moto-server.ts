/** moto's server over HTTPS on a free port of loopback, with its own account. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { makeCertificate } from '../aws-fake/index.ts';
import type { PythonPackages } from '../setup/python-packages.ts';

export interface MotoServer {
  readonly url: string;
  readonly caPem: string;
  /** What it wrote: a line for each request, with method, path and status. */
  readonly log: readonly string[];
  stop(): Promise<void>;
}

// It ends with its standard input, so also when this process is killed.
const PROGRAM = `
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(sys.argv[1:])
`;

// moto decides about calls of Secrets Manager without their resource: here it gets the secret. It rejects requests without
// a signature, which AWS accepts for AssumeRoleWithWebIdentity.
const IAM = `
import json
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.sts.responses import TokenResponse
SecretsManagerResponse._determine_resource = lambda self: json.loads(self.body).get("SecretId", "*")
TokenResponse._authenticate_and_authorize_normal_action = lambda self, resource="*": None
`;

/**
 * @param account of every caller; by default that of the role whose credentials a caller has
 * @param enforcesIam whether it can decide by the policies of roles, once `/moto-api/reset-auth` turns that on
 */
export async function startMoto(
  files: PythonPackages,
  account: string | undefined,
  { enforcesIam = false } = {},
): Promise<MotoServer> {
  const { key, cert, ca } = await makeCertificate();
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-moto-'));
  const inFolder = (name: string) => path.join(folder, name);
  writeFileSync(inFolder('cert.pem'), cert);
  writeFileSync(inFolder('key.pem'), key, { mode: 0o600 });
  const args = ['-H', '127.0.0.1', '-p', '0', '-c', inFolder('cert.pem'), '-k', inFolder('key.pem')];
  const child = spawn(files.python, ['-c', enforcesIam ? IAM + PROGRAM : PROGRAM, ...args], {
    env: {
      PATH: process.env['PATH'],
      PYTHONPATH: files.folder,
      PYTHONUNBUFFERED: '1',
      ...(account === undefined ? {} : { MOTO_ACCOUNT_ID: account }),
    },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const log: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      const found = /Running on (https:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    void ended.then(() => reject(new Error(`moto's server ended:\n${log.join('\n')}`)));
  });
  const stop = async () => {
    child.stdin.destroy();
    child.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, caPem: ca, log, stop };
}
