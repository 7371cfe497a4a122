/** Values that the chart refuses, with the path of the value. */
import { describe, expect, it } from 'vitest';
import { HELM_VERSIONS } from '../cluster/toolchain/versions.ts';
import { CHART } from './helm.ts';
import { Rendering } from './rendering.ts';

const CA = '-----BEGIN CERTIFICATE-----\nQ0E=\n-----END CERTIFICATE-----';

describe.each(HELM_VERSIONS)('Helm %s', (version) => {
  const chart = new Rendering(version);
  const refusal = async (values: object): Promise<string> => {
    const { status, stderr } = await chart.run(values, 'template', CHART);
    expect(status).toBe(1);
    return stderr;
  };

  describe.skipIf(chart.missing !== undefined)('refusals', () => {
    it.each([
      [{ replica: 3 }, /'replica' not allowed/],
      [{ image: { tagg: '2' } }, /\/image'.*'tagg' not allowed/],
      [{ image: { digest: 'sha256:abc' } }, /\/image\/digest'/],
      [{ image: { repository: 'registry.example/i@sha256:abc' } }, /\/image\/repository'/],
      [{ settings: { logLevel: 'loud' } }, /\/settings\/logLevel'.*'debug', 'info'/],
      [{ settings: { requireCompleteArn: true } }, /\/settings'.*'requireCompleteArn' not allowed/],
      [{ settings: { image: 'x' } }, /\/settings'.*'image' not allowed/],
      [{ settings: { listenPort: 0 } }, /\/settings\/listenPort'/],
      [{ settings: { allowedRoles: 'shop=*' } }, /\/settings\/allowedRoles'.*want array/],
      [{ policy: { rules: [{ nam: 'x' }] } }, /\/policy\/rules\/0'.*'nam' not allowed/s],
      [{ certificates: { source: 'vault' } }, /\/certificates\/source'.*'self', 'cert-manager', 'secret'/],
      [
        { certificates: { source: 'secret', secret: { caBundle: 'no PEM' } } },
        /\/certificates\/secret\/caBundle'/,
      ],
      [{ guard: { fetcherEnv: ['PATH=/x'] } }, /\/guard\/fetcherEnv\/0'/],
      // With a value that the webhook refuses, its new replicas would not start.
      [{ guard: { fetcherEnv: ['AWS_ACCESS_KEY_ID=x'] } }, /\/guard\/fetcherEnv\/0'/],
      [{ traces: { endpoint: 'https://collector.example:4318' } }, /\/traces\/endpoint'/],
      [{ traces: { endpoint: 'https://collector.example/' } }, /\/traces\/endpoint'/],
      [{ traces: { endpoint: 'https://user:p@collector.example/v1/traces' } }, /\/traces\/endpoint'/],
      [{ traces: { endpoint: 'https://collector.example/v1/traces?x=1' } }, /\/traces\/endpoint'/],
      [{ excludedNamespaces: ["x'y"] }, /\/excludedNamespaces\/0'/],
      [{ nativeVariables: 'maybe' }, /\/nativeVariables'/],
      [{ uninstallCheck: 'force' }, /\/uninstallCheck'.*'refuse', 'warn', 'none'/],
    ])('the schema refuses %j with its path', async (values, expected) => {
      expect(await refusal(values)).toMatch(expected);
    });

    it.each([
      [{ certificates: { source: 'secret' } }, 'certificates.secret.caBundle: must be set'],
      [{ caBundle: { pem: CA, configMap: { name: 'x' } } }, 'caBundle: pem and configMap.name are both set'],
      [
        { priorityClassName: '', priorityClassQuota: { enabled: true } },
        'priorityClassQuota.enabled: has no effect',
      ],
      [{ autoscaling: { minReplicas: 6 } }, 'autoscaling.minReplicas: is greater'],
    ])('a contradiction has a message: %j', async (values, expected) => {
      expect(await refusal(values)).toContain(expected);
    });
  });
});
