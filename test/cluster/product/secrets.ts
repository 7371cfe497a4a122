/** Secrets of a scenario, and every encoding in which a value must not be found. */
import { randomBytes } from 'node:crypto';
import type { StandIn } from '../../aws-fake/index.ts';

const CANARY = 'kanarie';
/** Valid in shell and file mode, but not in native mode, so that a value cannot become native by mistake. */
const OFF_DISK_TAIL = `'"$(x)`;
/** Valid in native mode, with characters that other readers are known to break. */
const NATIVE_TAIL = `"$(DB_USER) \${HOME} \`x\` \\ # =\n\t\u00e9\u{1f600} `;

/** The parts of all values of this run that quoting does not change. */
const cores = new Set<string>();
/** Parts of values of native variables, which the container runtime stores on the node's disk. */
const native = new Set<string>();

export interface JsonSecret {
  readonly arn: string;
  readonly user: string;
  readonly password: string;
  readonly text: string;
}

/** A unique text. @param tail of the text, which is not searched for */
export function canary(tail = OFF_DISK_TAIL): string {
  const core = `${CANARY}-${randomBytes(9).toString('hex')}`;
  cores.add(core);
  return core + tail;
}

/** The same, for a native variable. */
export function nativeCanary(tail = NATIVE_TAIL): string {
  const value = canary(tail);
  native.add(value.slice(0, value.length - tail.length));
  return value;
}

/** The ARN of a secret that the role may read, in the account of the AWS fake. */
export function arnOf(name: string): string {
  return `arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/${name}-AbCdEf`;
}

/**
 * Adds a JSON secret `shop/<name>` with a user and a password to the AWS fake.
 * @param makeValue nativeCanary if the values become native variables
 */
export function putJsonSecret(aws: StandIn, name: string, makeValue: () => string = canary): JsonSecret {
  const arn = arnOf(name);
  const user = makeValue();
  const password = makeValue();
  const text = JSON.stringify({ user, password });
  aws.putSecret({ arn, value: text });
  return { arn, user, password, text };
}

/**
 * The part of each value that quoting does not change, as plain text, base64 at each offset, and hex.
 * @param where values of native variables may be found on disk, as documented
 */
export function forbiddenTexts(where: 'anywhere' | 'on disk'): readonly string[] {
  const wanted = [...cores].filter((core) => where === 'anywhere' || !native.has(core));
  return wanted.flatMap((core) => {
    const base64 = [0, 1, 2].map((offset) =>
      // Without the first and last characters, which depend on the adjacent text.
      Buffer.from('x'.repeat(offset) + core)
        .toString('base64')
        .replace(/=+$/, '')
        .slice(offset === 0 ? 0 : 4, -2),
    );
    return [
      core,
      ...base64,
      Buffer.from(core).toString('hex'),
      Buffer.from(core).toString('hex').toUpperCase(),
    ];
  });
}
