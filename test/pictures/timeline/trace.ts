/** Marks of one run of the fetcher, from the trace that Node.js writes with `--trace-event-categories=node`. */

/** An event of the trace, in the format of Chromium. Times are microseconds on the monotonic clock. */
export interface TraceEvent {
  readonly name: string;
  /** Categories, with commas. */
  readonly cat: string;
  /** B and E, b and e: begin and end. X: both, with a duration. I: an instant. M: about the process. */
  readonly ph: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly id?: string;
  readonly args?: {
    readonly filename?: string;
    readonly data?: { readonly triggerAsyncId?: number };
  };
}

/** A bundle that the executable loaded. */
export interface BundleLoad {
  /** Such as `fetch.cjs`. */
  readonly file: string;
  readonly from: number;
  /** The bundle was run, and Node.js did something else. */
  readonly to: number;
}

/** A request on a connection of its own. The names of the marks are in the order of time. */
export interface Exchange {
  readonly connect: number;
  /** The TLS context is complete, and the handshake begins as soon as the connection is open. */
  readonly tls: number;
  readonly secure: number;
  /** The request was written. */
  readonly written: number;
  readonly answered: number;
}

/** Milliseconds since the program was started. */
export interface Marks {
  readonly nodeStart: number;
  readonly nodeReady: number;
  readonly bundles: readonly BundleLoad[];
  /** Sign-in and GetSecretValue, in this order. */
  readonly exchanges: readonly [Exchange, Exchange];
  readonly leaving: number;
}

/**
 * @param startedAt when the program was started, in the milliseconds of `performance.now` with the origin of the clock
 * @throws Error if the fetcher does not do what the marks expect
 */
export function readMarks(trace: readonly TraceEvent[], startedAt: number): Marks {
  const events = trace
    .filter(({ ph, pid, tid }) => ph !== 'M' && pid === tid)
    .map((event) => ({ ...event, ts: event.ts / 1000 - startedAt, dur: (event.dur ?? 0) / 1000 }))
    .toSorted((a, b) => a.ts - b.ts);
  const [signIn, read, ...others] = exchangesOf(events);
  if (signIn === undefined || read === undefined || others.length > 0)
    throw new Error('the fetcher did not send two requests, each on a connection of its own');
  return {
    nodeStart: first(events, 'nodeStart', 'I'),
    nodeReady: first(events, 'bootstrapComplete', 'I'),
    bundles: bundlesOf(events),
    exchanges: [signIn, read],
    leaving: first(events, 'AtExit', 'X'),
  };
}

type Timed = TraceEvent & { readonly dur: number };

function first(events: readonly Timed[], name: string, ph: string): number {
  const event = events.find((one) => one.name === name && one.ph === ph);
  if (event === undefined) throw new Error(`the trace of Node.js has no event ${name}`);
  return event.ts;
}

const COMPILE = 'ContextifyScript::New';
/** What V8 does meanwhile, and the running of the bundle, which returns a function. */
const WITHIN_LOAD: ReadonlySet<string> = new Set([COMPILE, 'RunInContext']);

function bundlesOf(events: readonly Timed[]): readonly BundleLoad[] {
  const edges = events
    .filter(({ name, ph }) => !(WITHIN_LOAD.has(name) && ph !== 'B'))
    .flatMap(({ ts, dur }) => [ts, ts + dur])
    .toSorted((a, b) => a - b);
  return events
    .filter(({ name, ph }) => name === COMPILE && ph === 'B')
    .map(({ ts, args }) => ({
      file: args?.filename?.replace(/^.*\//, '') ?? '',
      from: ts,
      to: edges.find((edge) => edge > ts) ?? ts,
    }));
}

function exchangesOf(events: readonly Timed[]): readonly Exchange[] {
  const begins = (wanted: string) => events.filter(({ name, ph }) => name === wanted && ph === 'b');
  // Connections are opened in the order of their use.
  const connects = begins('connect');
  const streams = begins('TLSWRAP');
  const calls = begins('TLSWRAP_CALLBACK');
  return begins('WRITEWRAP').flatMap(({ ts: written, args }, index) => {
    // A write names the stream of its connection.
    const stream = streams.find(({ id }) => Number(id) === args?.data?.triggerAsyncId);
    // OpenSSL reports the start and the end of the handshake; later, the stream reports what it read.
    const [, secure, ...later] = calls.filter(({ id }) => id === stream?.id);
    const received = later.at(-1);
    const connect = connects[index];
    if (connect === undefined || stream === undefined) return [];
    if (secure === undefined || received === undefined) return [];
    return [{ connect: connect.ts, tls: stream.ts, secure: secure.ts, written, answered: received.ts }];
  });
}
