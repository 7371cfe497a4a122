import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeReview } from '../../src/core/admission.ts';
import { decideInjection } from '../../src/core/inject.ts';
import { makeLogger } from '../../src/runtime/log/logger.ts';
import { DEFAULT_LIMITS } from '../../src/webhook/server/limits.ts';
import { startWebhook, type Webhook } from '../../src/webhook/webhook.ts';
import { makeLeaf } from '../server/certificates.ts';
import { postReview } from '../server/client.ts';
import { type GoldenCase, goldenCases, reviewOf } from './cases.ts';

const UID = '99999999-8888-7777-6666-555555555555';
const bySettings = Map.groupBy(goldenCases(), (one) => JSON.stringify(one.settings));

describe.each([...bySettings.values()])(
  'golden cases over HTTPS with the settings of $name',
  (...cases: GoldenCase[]) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'aws-secrets-injector-golden-'));
    let webhook: Webhook;

    beforeAll(async () => {
      const leaf = await makeLeaf();
      writeFileSync(path.join(folder, 'tls.crt'), leaf.cert);
      writeFileSync(path.join(folder, 'tls.key'), leaf.key);
      const [first] = cases;
      if (first === undefined) throw new Error('a group has cases');
      webhook = await startWebhook(
        {
          injection: first.settings,
          limits: DEFAULT_LIMITS,
          listenPort: 0,
          probePort: 0,
          metricsPort: 0,
          listenAddress: '127.0.0.1',
          certificates: {
            source: 'files',
            certFile: path.join(folder, 'tls.crt'),
            keyFile: path.join(folder, 'tls.key'),
          },
        },
        makeLogger('silent'),
      );
    });

    afterAll(async () => {
      await webhook.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(cases)('$name gets the answer that the core decides', async (one) => {
      const answer = await postReview(
        webhook.listenPort,
        JSON.stringify(reviewOf(one.pod, one.namespace, UID)),
      );
      const outcome = decideInjection(one.pod, { namespace: one.namespace }, one.settings);
      expect(answer.status).toBe(200);
      expect(JSON.parse(answer.text)).toEqual(
        encodeReview(UID, outcome, (text) => Buffer.from(text).toString('base64')),
      );
    });
  },
);
