/** Bodies that attackers send. */
import { PREFIX } from '../../src/core/names/prefix.ts';
import { ARN, podAsking, reviewOf } from '../server/reviews.ts';

export const MIB = 1024 * 1024;
const HEAD = 'POST /mutate?timeout=5s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

/** The head of a request with a body of this length. */
export function head(length: number, more = ''): string {
  return `${HEAD}${more}Content-Length: ${length}\r\n\r\n`;
}

/** The head of a request whose body has no known length. */
export const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

export function request(body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(head(bytes.length)), bytes]);
}

/** As much as the webhook parses; beyond, it refuses a body after a look at its bytes. */
export type Amount = 'parsed' | 'refused';

/** Text from pieces, up to a size and an amount. */
function filled(
  start: string,
  piece: (index: number) => string,
  end: string,
  { size, amount }: { readonly size: number; readonly amount: Amount },
): string {
  const parts = [start];
  let bytes = start.length + end.length + 16;
  let [nodes, items] = [0, 0];
  for (let index = 0; ; index += 1) {
    const one = piece(index);
    bytes += one.length;
    nodes += one.match(/[[{]/g)?.length ?? 0;
    items += one.match(/[:,]/g)?.length ?? 0;
    if (bytes > size) break;
    if (amount === 'parsed' && (nodes > 125_000 || items > 500_000)) break;
    parts.push(one);
  }
  return parts.join('') + end;
}

const key36 = (index: number): string => index.toString(36).padStart(4, '0');

/** JSON of which a parser makes as much as possible, in all shapes that V8 keeps in different ways. */
const PIECES: Readonly<
  Record<string, readonly [start: string, piece: (index: number) => string, end: string]>
> = {
  'lists of lists': ['[0', () => ',[]', ']'],
  'lists of one number': ['[0', () => ',[1]', ']'],
  'lists of eight bytes': ['[0', () => ',[1,1,1]', ']'],
  'objects of eight bytes': ['[0', () => ',{"a":1}', ']'],
  'objects of many shapes': ['[0', (index) => `,{"${key36(index)}":0}`, ']'],
  'objects of many keys': ['{"a":0', (index) => `,"${key36(index)}":0`, '}'],
  'numbers of one digit': ['[0', () => ',1', ']'],
  fractions: ['[""', () => ',.5'.replace('.', '1.'), ']'],
  'texts of two letters': ['[0', (index) => `,"${key36(index).slice(2)}"`, ']'],
  'texts of four letters': ['[0', (index) => `,"${key36(index)}"`, ']'],
  escapes: ['["', () => '\\u00e9', '"]'],
  'wide text': ['["€', () => 'a', '"]'],
};

/** Bodies that are no reviews, whose content is as large as possible in memory. */
export function hostileJson(amount: Amount, size = 8 * MIB): readonly Buffer[] {
  return Object.values(PIECES).map(([start, piece, end]) =>
    request(filled(start, piece, end, { size, amount })),
  );
}

/** Nested lists as deep as the size permits, complete or not. */
export function nested(size = 8 * MIB): Buffer {
  return request('['.repeat(size / 2) + ']'.repeat(size / 2));
}

/** The same content inside a pod that asks, so that the decision sees it. */
export function hostilePods(amount: Amount, size = 8 * MIB): readonly Buffer[] {
  return Object.values(PIECES).map(([start, piece, end]) => {
    const pod = reviewOf({ ...podAsking(), spec: { containers: [{ name: 'app', image: 'app', x: 0 }] } });
    const [before = '', after = ''] = pod.split('"x":0');
    const content = filled(start, piece, end, { size: size - pod.length, amount });
    return request(`${before}"x":${content}${after}`);
  });
}

/** A review whose answer has more than a MiB, and one whose answer has about 60 KiB. */
export function largeAnswer(variables = 480, containers = 10): Buffer {
  const asked = Array.from({ length: variables }, (_, index) => [`env.V${index}_${'K'.repeat(40)}`, 'db']);
  const pod = podAsking({ 'secret.db': ARN, ...Object.fromEntries(asked) });
  return request(
    reviewOf({
      ...pod,
      spec: {
        containers: Array.from({ length: containers }, (_, index) => ({ name: `app${index}`, image: 'app' })),
      },
    }),
  );
}

/** Pods whose decision is much work: 3 MiB, which an API server accepts. */
export function muchWork(size = 3 * MIB): readonly Buffer[] {
  const container = (index: number): string => `,{"name":"c${index}","command":["sh"]}`;
  const start = (annotations: object, spec: string): string => {
    const review = reviewOf({ ...podAsking(), spec: 0 });
    const pod = review.replace(/"annotations":\{[^}]*\}/, `"annotations":${JSON.stringify(annotations)}`);
    const [before = ''] = pod.split('"spec":0');
    return `${before}"spec":${spec}`;
  };
  const rest = '},"oldObject":null}}';
  const names = Array.from({ length: 20_000 }, (_, index) => `x${index}`).join(',');
  const keys = Object.fromEntries(
    Array.from({ length: 8_000 }, (_, index) => [`${PREFIX}unkown${index}`, '']),
  );
  return [
    request(
      filled(
        start({ [`${PREFIX}env.A`]: ARN, [`${PREFIX}containers`]: names }, '{"containers":[{"name":"app"}'),
        container,
        `]}${rest}`,
        { size, amount: 'parsed' },
      ),
    ),
    request(
      filled(start(keys, '{"containers":[{"name":"app"}'), container, `]}${rest}`, {
        size,
        amount: 'parsed',
      }),
    ),
    request(
      filled(
        start(
          { [`${PREFIX}env.A`]: ARN, [`${PREFIX}env-mode`]: 'file' },
          '{"containers":[{"name":"app","env":[{"name":"B"}',
        ),
        (index) => `,{"name":"${key36(index)}"}`,
        `]}]}${rest}`,
        { size, amount: 'parsed' },
      ),
    ),
  ];
}
