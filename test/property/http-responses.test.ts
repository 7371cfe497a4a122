/** The reader of HTTP responses against the parser of Node.js, which reads the same bytes. */
import { request } from 'node:http';
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ResponseReader } from '../../src/aws/connections/response-reader.ts';

interface Read {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const MOST = 2_000;

/** @returns undefined for a response that is not valid or not complete, else the response and its length */
function readOurs(parts: readonly Buffer[]): { readonly read: Read; readonly length: number } | undefined {
  const reader = new ResponseReader(MOST);
  let length = 0;
  for (const part of parts) {
    length += part.length;
    if (reader.read(part) !== undefined) return undefined;
    if (reader.isComplete) break;
  }
  if (!reader.isComplete) reader.end();
  const { response } = reader;
  if (response === undefined) return undefined;
  const { status, headers, body: content } = response;
  return {
    read: { status, headers: { ...headers }, body: content.toString('latin1') },
    length: length - reader.rest.length,
  };
}

/** Node.js reads as a client whose connection ends after the bytes. */
function readNodes(bytes: Buffer): Promise<Read | undefined> {
  return new Promise((resolve) => {
    const stream = new Duplex({
      read: () => undefined,
      write: (_chunk, _encoding, done) => {
        done();
        stream.push(bytes);
        stream.push(null);
      },
    });
    const sent = request({ createConnection: () => stream, headers: { host: 'x' } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('close', () => {
        const { statusCode: status = 0, rawHeaders, complete } = response;
        if (!complete) return resolve(undefined);
        const headers: Record<string, string> = {};
        for (let index = 0; index < rawHeaders.length; index += 2) {
          const name = (rawHeaders[index] ?? '').toLowerCase();
          const value = rawHeaders[index + 1] ?? '';
          headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
        }
        resolve({ status, headers, body: Buffer.concat(chunks).toString('latin1') });
      });
    });
    sent.on('error', () => resolve(undefined));
    sent.on('upgrade', () => resolve(undefined));
    sent.end();
  });
}

/** Cuts bytes into parts. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

const name = fc.stringMatching(/^x-[a-zA-Z0-9!#$%&'*+.^_`|~-]{0,12}$/);
const value = fc.stringMatching(/^(?:[!-~]([ -~\t]{0,20}[!-~])?)?$/);
const fields = fc.array(
  fc.record({
    name,
    value,
    before: fc.constantFrom('', ' ', '\t '),
    after: fc.constantFrom('', ' ', '  \t'),
  }),
  { maxLength: 6 },
);
const body = fc
  .string({ unit: 'binary', maxLength: 300 })
  .map((text) => Buffer.from(text).toString('latin1'));
const places = fc.array(fc.nat(5_000), { maxLength: 12 });

/** Chunks of any size, with extensions and fields at the end. */
const chunked = fc
  .tuple(
    fc.array(
      fc.tuple(
        body.filter((text) => text !== ''),
        fc.constantFrom('', ';a', ';a=b'),
      ),
      { maxLength: 5 },
    ),
    fc.constantFrom('', 'x-trailer: 1\r\n'),
    fc.boolean(),
  )
  .map(([chunks, trailer, upper]) => {
    const size = (text: string) =>
      upper ? text.length.toString(16).toUpperCase() : text.length.toString(16);
    const text = chunks.map(([chunk, extension]) => `${size(chunk)}${extension}\r\n${chunk}\r\n`).join('');
    return { head: 'Transfer-Encoding: chunked\r\n', text: `${text}0\r\n${trailer}\r\n` };
  });
const sized = body.map((text) => ({ head: `Content-Length: ${text.length}\r\n`, text }));
const untilEnd = body.map((text) => ({ head: '', text }));

const valid = fc
  .record({
    interim: fc.constantFrom(
      '',
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n',
    ),
    version: fc.constantFrom('1.1', '1.1', '1.0'),
    status: fc.constantFrom(200, 200, 204, 304, 400, 403, 500, 503),
    reason: fc.constantFrom(' OK', ' ', ' Not Found'),
    fields,
    content: fc.oneof(chunked, sized, untilEnd),
  })
  .map(({ interim, version, status, reason, fields: lines, content }) => {
    const head = lines.map((line) => `${line.name}:${line.before}${line.value}${line.after}\r\n`).join('');
    return Buffer.from(
      `${interim}HTTP/${version} ${status}${reason}\r\n${head}${content.head}\r\n${content.text}`,
      'latin1',
    );
  });

test('reads what Node.js reads, however the bytes arrive', async () => {
  await fc.assert(
    fc.asyncProperty(valid, places, async (bytes, at) => {
      const ours = readOurs(cut(bytes, at));
      expect(ours).toBeDefined();
      // Node.js rejects bytes after the response.
      expect(ours?.read).toEqual(await readNodes(bytes.subarray(0, ours?.length)));
    }),
    { numRuns: 1_000 },
  );
});

/** Node.js rejects it, and RFC 9110 allows it. */
const BLANK_AFTER_CODING = /transfer-encoding:[ \t]*chunked[ \t]+\r/i;

/** Text that matters to a parser, inserted or put over a valid response. */
const damage = fc.tuple(
  fc.nat(400),
  fc.oneof(
    fc.constantFrom(
      ...[
        '\r',
        '\n',
        '\r\n',
        '\r\n\r\n',
        ' ',
        '\t',
        ':',
        ';',
        '0',
        '-',
        '+',
        '0x',
        'f',
        '\0',
        '\x80',
        '\xa0',
        ',',
      ],
      ...[
        'Content-Length: 3\r\n',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
        'HTTP/1.1 200 OK\r\n',
      ],
      ...[
        'Transfer-Encoding: gzip\r\n',
        'content-length: +1\r\n',
        'content-length: 1, 1\r\n',
        '-5\r\n',
        '\r\n 0',
      ],
    ),
    fc.string({ maxLength: 3 }),
  ),
  fc.boolean(),
);

test('of damaged responses, reads none that Node.js does not read, and none otherwise', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(
      valid,
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      places,
      async (bytes, all, at) => {
        let text = bytes.toString('latin1');
        for (const [place, inserted, isOver] of all) {
          const start = place % (text.length + 1);
          text = text.slice(0, start) + inserted + text.slice(start + (isOver ? inserted.length : 0));
        }
        const damaged = Buffer.from(text, 'latin1');
        const ours = readOurs(cut(damaged, at));
        expect(ours).toEqual(readOurs([damaged]));
        if (ours === undefined || BLANK_AFTER_CODING.test(text)) return;
        read += 1;
        expect(ours.read).toEqual(await readNodes(damaged.subarray(0, ours.length)));
      },
    ),
    { numRuns: 3_000 },
  );
  // Otherwise, the test would compare nothing.
  expect(read).toBeGreaterThan(100);
});

describe('an answer to CONNECT', () => {
  test.each([
    ['HTTP/1.1 200 OK\r\n\r\n', { isComplete: true, status: 200 }],
    [
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n',
      { isComplete: true, status: 200 },
    ],
    ['HTTP/1.1 407 No\r\nContent-Length: 5\r\n\r\n', { isComplete: false, status: 407 }],
    ['HTTP/1.1 200 OK\nX: y\n', { isComplete: false, status: undefined }],
  ])('%j', (text, expected) => {
    const reader = new ResponseReader(MOST, true);
    const code = reader.read(Buffer.from(text));
    expect(reader).toMatchObject(expected);
    expect(code).toBe(expected.status === undefined ? 'UNREADABLE' : undefined);
  });
});

describe('any bytes', () => {
  test('end in an answer or a code', () => {
    const anyBytes = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(anyBytes, valid), anyBytes, places, (start, rest, at) => {
        const reader = new ResponseReader(MOST);
        for (const part of cut(Buffer.concat([start, rest]), at))
          if (reader.read(part) !== undefined || reader.isComplete) break;
        expect(reader.end() === undefined).toBe(reader.isComplete);
        expect((reader.response?.body.length ?? 0) <= MOST).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['a head', (size: number) => `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(size)}`],
    ['many heads', (size: number) => 'HTTP/1.1 100 Continue\r\nx: y\r\n\r\n'.repeat(size / 20)],
    [
      'a line of a chunk',
      (size: number) => `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;${'a'.repeat(size)}`,
    ],
    [
      'extensions of chunks',
      (size: number) =>
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${`1;${'a'.repeat(90)}\r\nx\r\n`.repeat(size / 100)}`,
    ],
    [
      'the end of chunks',
      (size: number) =>
        `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${'a: b\r\n'.repeat(size / 4)}`,
    ],
  ])('in %s have a limit', (_, make) => {
    expect(new ResponseReader(MOST).read(Buffer.from(make(100)))).toBeUndefined();
    expect(new ResponseReader(MOST).read(Buffer.from(make(40_000)))).toBe('UNREADABLE');
  });

  test.each(['content-length: 2001', 'transfer-encoding: chunked'])(
    'of a body have a limit: %s',
    (header) => {
      const body = header.startsWith('c') ? '' : `${'1\r\na\r\n'.repeat(2_001)}0\r\n\r\n`;
      expect(new ResponseReader(MOST).read(Buffer.from(`HTTP/1.1 200 OK\r\n${header}\r\n\r\n${body}`))).toBe(
        'TOO_LARGE',
      );
    },
  );
});
