/** An operator forbids native variables: the policy of the component, bound to namespaces with a label. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../../../../image/built-image.ts';
import { until } from '../../../until.ts';
import { checksum, pod, printVariable, shell } from '../../pods.ts';
import { putJsonSecret } from '../../secrets.ts';
import { type KubernetesObject, NAMESPACE_LABEL, type Stage } from '../../stage.ts';

const POLICY = path.join(ROOT, 'manifests/components/no-native-variables/policy.yaml');
const LABEL = 'native-variables';
const WORDS = 'native variables from AWS secrets are not allowed here';

export function forbidden(stage: () => Stage): void {
  describe.concurrent('native variables in a namespace where they are forbidden', () => {
    beforeAll(async () => {
      const selector = { namespaceSelector: { matchLabels: { [LABEL]: 'forbidden' } } };
      for (const document of parseAllDocuments(readFileSync(POLICY, 'utf8'))) {
        const object = document.toJS() as KubernetesObject & { spec: object };
        const isBinding = object.kind === 'ValidatingAdmissionPolicyBinding';
        await stage().mustCreate(
          isBinding ? { ...object, spec: { ...object.spec, matchResources: selector } } : object,
        );
      }
    });

    it('are rejected with a hint, and shell mode works', async () => {
      const name = await stage().namespace({ [NAMESPACE_LABEL]: 'enabled', [LABEL]: 'forbidden' });
      const { arn, user } = putJsonSecret(stage().aws, name);
      const asking = (mode: string): KubernetesObject =>
        pod(name, {
          annotations: {
            'secrets-injector.dev/env.DB_USER': `${arn}:user`,
            'secrets-injector.dev/env-mode': mode,
          },
          containers: [shell('app', printVariable('DB_USER'))],
        });
      const refused = await until('the API server to apply the policy', { seconds: 60 }, async () => {
        const { status, stderr } = await stage().create(asking('native'), '--dry-run=server');
        return status === 0 ? undefined : stderr;
      });
      expect(refused).toContain(WORDS);
      expect(refused).toContain('secrets-injector.dev/env-mode to shell or file');
      await stage().mustCreate(asking('shell'));
      expect(await stage().outputOf(name, 'app')).toEqual([checksum(user)]);
    });
  });
}
