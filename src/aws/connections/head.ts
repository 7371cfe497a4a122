/** The head of an HTTP/1.1 message: writes that of a request, and reads that of a response. Source: RFC 9112, RFC 9110. */

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible characters, blanks, and bytes that are not ASCII. */
const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;
const TARGET = /^[\x21-\x7e]+$/;
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;

export interface RequestHead {
  readonly method: 'GET' | 'POST' | 'CONNECT';
  /** The path with its query, or the host and port of CONNECT. */
  readonly target: string;
  /** Of the server, with its port. */
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Writes a request: one buffer, so that it is one TLS record.
 * @returns undefined if a header or the target contains characters that HTTP does not allow, such as line breaks
 */
export function writeRequest(
  { method, target, host, headers }: RequestHead,
  body: string | Uint8Array | undefined,
): Buffer | undefined {
  let head = `${method} ${target} HTTP/1.1\r\n`;
  const add = (name: string, value: string): boolean => {
    head += `${name}: ${value}\r\n`;
    return TOKEN.test(name) && FIELD_TEXT.test(value);
  };
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const content = typeof body === 'string' ? Buffer.from(body) : body;
  const isValid =
    TARGET.test(target) &&
    (names.includes('host') || add('host', host)) &&
    // The caller does not frame the body.
    !names.includes('transfer-encoding') &&
    Object.entries(headers).every(
      ([name, value]) => name.toLowerCase() === 'content-length' || add(name, value),
    ) &&
    (content === undefined || add('content-length', String(content.length)));
  if (!isValid) return undefined;
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), content ?? Buffer.of()]);
}

export interface ResponseHead {
  readonly status: number;
  /** By names in lower case. Values of one name are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** How the body ends: after some bytes, in chunks, or with the connection. */
  readonly framing: number | 'chunked' | 'close';
  /** Whether the server accepts another request over the connection. */
  readonly isKept: boolean;
}

/**
 * Reads the head of a response, without its last empty line.
 * @param isConnect whether the request was CONNECT: after its success, headers say nothing about a body
 * @returns undefined if it is not valid
 */
export function readResponseHead(text: string, isConnect: boolean): ResponseHead | undefined {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, code] = STATUS_LINE.exec(first) ?? [];
  const status = Number(code);
  // HTTP/1.0 has no interim responses.
  if (code === undefined || (status < 200 && minor === '0')) return undefined;
  const headers: Record<string, string> = Object.create(null);
  for (const line of lines) {
    const field = readField(line);
    if (field === undefined) return undefined;
    const earlier = headers[field.name];
    headers[field.name] = earlier === undefined ? field.value : `${earlier}, ${field.value}`;
  }
  const framing = isConnect && status >= 200 && status < 300 ? 0 : framingOf(status, headers);
  if (framing === undefined) return undefined;
  const isClosed = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i.test(headers['connection'] ?? '');
  return { status, headers, framing, isKept: minor === '1' && !isClosed && framing !== 'close' };
}

/** Reads a header, or a field after the last chunk. @returns undefined if it is not valid */
export function readField(line: string): { readonly name: string; readonly value: string } | undefined {
  const colon = line.indexOf(':');
  const name = line.slice(0, Math.max(0, colon));
  const value = line.slice(colon + 1);
  if (!TOKEN.test(name) || !FIELD_TEXT.test(value)) return undefined;
  return { name: name.toLowerCase(), value: value.replace(/^[\t ]+|[\t ]+$/g, '') };
}

/** Two lengths, or a length beside chunks, are not valid: it would not be certain where the answer ends. */
function framingOf(
  status: number,
  { 'transfer-encoding': coding, 'content-length': length }: Readonly<Record<string, string>>,
): ResponseHead['framing'] | undefined {
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || length !== undefined)) return undefined;
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return undefined;
  if (status < 200 || status === 204 || status === 304) return 0;
  if (coding !== undefined) return 'chunked';
  return length === undefined ? 'close' : Number(length);
}
