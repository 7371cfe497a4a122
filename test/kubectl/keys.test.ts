/** The core rejects every annotation key that the API server rejects. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideInjection } from '../../src/core/inject.ts';
import { annotationKey, FAMILIES, isFamily } from '../../src/core/names/annotation-keys.ts';
import { acceptsKeys, prepareDecoder } from './decoder.ts';
import { SEED } from './generated.ts';

const missing = await prepareDecoder();
if (missing !== undefined) process.stderr.write(`skipped: ${missing}\n`);

const ARN = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf';

const characters = fc.constantFrom(...'aZ0_-._-.'.split(''), '/', ' ', 'é', '\0', 'A', 'B', 'c', '9');
const names = fc.oneof(
  fc.string({ unit: characters, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom('a', 'B', '0', '_'), minLength: 50, maxLength: 66 }),
);
const keys = fc
  .tuple(fc.constantFrom(...Object.keys(FAMILIES).filter(isFamily)), names)
  .map(([family, name]) => annotationKey(family, name));

function codesFor(key: string): readonly string[] {
  const pod = {
    metadata: { annotations: { [key]: key.includes('/env.') ? `${ARN}:k` : ARN } },
    spec: { containers: [{ name: 'app', command: ['sh'] }] },
  };
  const outcome = decideInjection(pod, { namespace: 'shop' }, { image: 'injector:1' });
  return outcome.kind === 'denied' ? outcome.problems.map((problem) => problem.code) : [];
}

describe.skipIf(missing !== undefined)('annotation keys', () => {
  it('are rejected if the API server rejects them, and not for its reasons otherwise', async () => {
    const list = fc.sample(keys, { numRuns: 4000, seed: SEED });
    const accepted = await acceptsKeys(list);
    const wrong = list.filter((key, index) => {
      const codes = codesFor(key);
      return accepted[index] === true ? codes.includes('ANNOTATION_KEY_INVALID') : codes.length === 0;
    });
    expect(wrong.slice(0, 3), `KUBECTL_SEED=${SEED}`).toEqual([]);
  });
});
