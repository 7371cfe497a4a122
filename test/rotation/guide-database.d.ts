/** The module that the guide shows; the bundler takes it from the page. */
declare module 'guide-database' {
  import type { PoolClient } from 'pg';

  export function connect(): Promise<PoolClient>;
}
