/**
 * An application that queries the database all the time, with the module of the guide. It prints a line for each query, and
 * ends with SIGTERM.
 */
import { setTimeout as delay } from 'node:timers/promises';
// The module of the guide, which the bundler finds.
import { connect } from 'guide-database';
import type { PoolClient } from 'pg';

/** How a worker uses connections: returns each to its pool, closes each after one query, or keeps its first one. */
export const WORKERS = ['pooled', 'reconnecting', 'holding'] as const;
export type Worker = (typeof WORKERS)[number];

/** What it prints. */
export interface QueryLine {
  /** Milliseconds since 1970, at the end of the query. */
  readonly at: number;
  readonly worker: Worker;
  /** The user of the database, if the query succeeded. */
  readonly user?: string;
  /** The error code of PostgreSQL or of Node.js. */
  readonly code?: string;
}

const TABLE = process.env['DATABASE_TABLE'] ?? 'visits';
let stopping = false;
process.once('SIGTERM', () => {
  stopping = true;
});

async function work(worker: Worker): Promise<void> {
  const pause = Number(process.env['QUERY_PAUSE_MS'] ?? '20');
  const held: { client?: PoolClient } = {};
  while (!stopping) {
    const result = await query(worker, held).catch((error: unknown) => ({ code: codeOf(error) }));
    const line: QueryLine = { at: Date.now(), worker, ...result };
    process.stdout.write(`${JSON.stringify(line)}\n`);
    await delay(pause);
  }
}

async function query(worker: Worker, held: { client?: PoolClient }): Promise<{ readonly user: string }> {
  const client = held.client ?? (await connect());
  try {
    // Writes, so that it needs the rights of the first user.
    const insert = `INSERT INTO ${TABLE} DEFAULT VALUES RETURNING current_user AS name`;
    const { rows } = await client.query<{ name: string }>(insert);
    if (worker === 'holding') held.client = client;
    return { user: rows[0]?.name ?? '' };
  } catch (error) {
    delete held.client;
    throw error;
  } finally {
    if (held.client === undefined) client.release(worker === 'reconnecting');
  }
}

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

await Promise.all(WORKERS.map(work));
process.exit();
