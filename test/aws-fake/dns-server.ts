/**
 * A DNS server on loopback for programs that the test starts with a resolv.conf of their own. Only root on Linux can do
 * both.
 */
import { spawnSync } from 'node:child_process';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** How the server answers. `answer`: with the address; `silent`: not at all. */
export type DnsMode = 'answer' | 'nameError' | 'serverFailure' | 'silent';

export interface DnsServer {
  /** Starts a program, followed by its arguments, that asks this server. */
  readonly launcher: readonly string[];
  mode: DnsMode;
  /** Queries so far, as names. */
  readonly queries: readonly string[];
  stop(): Promise<void>;
}

/** glibc asks port 53 only. An address that nothing else on a machine uses. */
const ADDRESS = '127.53.77.1';
const CODES: Readonly<Record<Exclude<DnsMode, 'silent'>, number>> = {
  answer: 0,
  serverFailure: 2,
  nameError: 3,
};
const TYPE_A = 1;

/**
 * Starts a server that knows one name.
 * @returns the server, or why it cannot be had
 */
export async function startDnsServer(name: string, address: string): Promise<DnsServer | string> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'requires root on Linux';
  if (spawnSync('unshare', ['-m', 'mount', '--bind', '/etc/hosts', '/etc/resolv.conf']).status !== 0)
    return 'no mount namespace can be created';
  const socket = createSocket('udp4');
  const bound = await bind(socket);
  if (bound !== undefined) return bound;
  const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-dns-'));
  const file = path.join(folder, 'resolv.conf');
  // As kubelet writes it.
  const search = 'search shop.svc.cluster.local svc.cluster.local cluster.local';
  writeFileSync(file, `nameserver ${ADDRESS}\n${search}\noptions ndots:5\n`);
  const queries: string[] = [];
  let mode: DnsMode = 'answer';
  socket.on('message', (query, peer: RemoteInfo) => {
    const question = readQuestion(query);
    queries.push(question.name);
    if (mode === 'silent') return;
    const code = mode === 'answer' && question.name !== name ? CODES.nameError : CODES[mode];
    const isKnown = code === CODES.answer && question.type === TYPE_A;
    socket.send(reply(query, question.end, code, isKnown ? address : undefined), peer.port, peer.address);
  });
  return {
    launcher: ['unshare', '-m', 'sh', '-c', `mount --bind ${file} /etc/resolv.conf && exec "$@"`, 'sh'],
    get mode() {
      return mode;
    },
    set mode(given) {
      mode = given;
    },
    queries,
    stop: () => {
      rmSync(folder, { recursive: true, force: true });
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

/** @returns why it is not possible, if so */
function bind(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once('error', (error) => resolve(`UDP port 53 on ${ADDRESS}: ${error.message}`));
    socket.bind(53, ADDRESS, () => resolve(undefined));
  });
}

interface Question {
  readonly name: string;
  readonly type: number;
  /** The offset of the first byte after the question. */
  readonly end: number;
}

/** The only question of a query. Source: RFC 1035, section 4.1.2. */
function readQuestion(query: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

/** A response with at most one address. Source: RFC 1035, sections 4.1.1 and 4.1.3. */
function reply(query: Buffer, end: number, code: number, address: string | undefined): Buffer {
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  // A response, recursion desired and available.
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(address === undefined ? 0 : 1, 6);
  const question = query.subarray(12, end);
  if (address === undefined) return Buffer.concat([header, question]);
  // The name by a pointer to the question, type A, class IN, no caching, four bytes.
  const answer = [0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)];
  return Buffer.concat([header, question, Buffer.from(answer)]);
}
