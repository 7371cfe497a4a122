/** Secrets of a scenario, and every spelling in which a value must not be found anywhere. */
import { randomBytes } from 'node:crypto';
import type { StandIn } from '../../stand-in/index.ts';

const CANARY = 'kanarie';

/** Values of every secret that was made in this run. */
const values: string[] = [];

export interface JsonSecret {
  readonly arn: string;
  readonly user: string;
  readonly password: string;
  readonly text: string;
}

/** A text that occurs nowhere else. */
export function canary(): string {
  const value = `${CANARY}-${randomBytes(9).toString('hex')}'"$(x)`;
  values.push(value);
  return value;
}

/** Puts a JSON secret `shop/<name>` with a user and a password into the stand-in. */
export function putJsonSecret(aws: StandIn, name: string): JsonSecret {
  const arn = `arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/${name}-AbCdEf`;
  const user = canary();
  const password = canary();
  const text = JSON.stringify({ user, password });
  aws.putSecret({ arn, value: text });
  return { arn, user, password, text };
}

/** The part of a value that survives quoting, in plain, base64 at each offset, hex and URL form. */
export function forbiddenTexts(): readonly string[] {
  return values.flatMap((value) => {
    const core = value.slice(0, value.indexOf("'"));
    const base64 = [0, 1, 2].map((offset) =>
      // Without the first and last characters, which depend on what stands before and behind.
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
