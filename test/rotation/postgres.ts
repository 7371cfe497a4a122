/** A real PostgreSQL of its own, from the Debian package, in a temporary folder. */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { freePorts } from '../cluster/addresses.ts';
import { until } from '../cluster/until.ts';
import { installDebianPackage } from '../setup/debian-package.ts';

const PLACE = '/usr/lib/postgresql';
// The server refuses to run as root. Debian has this user on every system.
const NOBODY = 65_534;
/** Runs a program as that user. It may still write to /dev/null, which only root can do on some machines. */
const AS_NOBODY = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
];

export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

/** @returns the programs of the newest version, or why they cannot be had */
export async function findPostgres(): Promise<PostgresPrograms | string> {
  return programs() ?? ((await installDebianPackage('postgresql')) ? programs() : undefined) ?? MISSING;
}

const MISSING = 'the Debian package postgresql is not installed, and installing it needs apt-get and root';

function programs(): PostgresPrograms | undefined {
  const versions = existsSync(PLACE) ? readdirSync(PLACE).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions
    .map((version) => path.join(PLACE, version, 'bin'))
    .map((folder) => ({ initdb: path.join(folder, 'initdb'), postgres: path.join(folder, 'postgres') }))
    .find((found) => existsSync(found.initdb) && existsSync(found.postgres));
}

export interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  /** The superuser. */
  readonly admin: pg.ClientConfig;
  /** Runs statements as the superuser. */
  run(statements: string): Promise<void>;
  stop(): Promise<void>;
}

/** Starts an empty server that asks every client for a password. @param host the address that it listens on */
export async function startPostgres(
  { initdb, postgres }: PostgresPrograms,
  host = '127.0.0.1',
): Promise<Database> {
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-postgres-'));
  const isRoot = process.getuid?.() === 0;
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const [launcher = '', ...launching] = [...(isRoot ? AS_NOBODY : []), 'sh', '-c'];
  const data = path.join(folder, 'data');
  const passwordFile = path.join(folder, 'password');
  const password = 'of the superuser';
  writeFileSync(passwordFile, password);
  const initial = [
    `--pgdata=${data}`,
    '--username=admin',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
  ];
  const made = spawnSync(launcher, [...launching, 'exec "$@"', 'sh', initdb, ...initial, '--no-sync'], {
    encoding: 'utf8',
    cwd: folder,
  });
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`initdb: ${made.stdout}${made.stderr}`);
  }
  // The first line that fits counts, and those of initdb are about loopback only.
  writeFileSync(path.join(data, 'pg_hba.conf'), 'host all all all scram-sha-256\n');
  const [port = 0] = await freePorts(1);
  const settings = {
    listen_addresses: host,
    port: String(port),
    unix_socket_directories: folder,
    fsync: 'off',
    max_connections: '50',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  // It ends with its standard input, so also when this process is killed. SIGINT also ends the sessions.
  const script = '"$@" & read -r _; kill -INT $!; wait $!';
  const child = spawn(launcher, [...launching, script, 'sh', postgres, '-D', data, ...args], {
    cwd: folder,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const log: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const admin = { host, port, database: 'postgres', user: 'admin', password };
  const run = async (statements: string) => {
    const client = new pg.Client(admin);
    await client.connect();
    await client.query(statements).finally(() => client.end());
  };
  try {
    const details = () => log.join('');
    await until('PostgreSQL', { seconds: 60, details }, () => run('SELECT 1').then(() => true));
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, port, name: admin.database, admin, run, stop };
}
