/** The fetcher behind a real proxy, with the host names of AWS, and with the operator's certificate authority. */
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AwsStage, makeAwsStage } from '../fetcher/aws-stage.ts';
import { CANARY, expectNoCanary } from '../fetcher/canary.ts';
import { type ConnectProxy, startConnectProxy } from '../fetcher/connect-proxy.ts';
import { arnOf, onePlan, planOf } from '../fetcher/plans.ts';

const ARN = arnOf('shop/db');
const STS = 'sts.eu-west-1.amazonaws.com';
const SECRETS = 'secretsmanager.eu-west-1.amazonaws.com';
const SECRETS_US = 'secretsmanager.us-east-1.amazonaws.com';
const PASSWORD = 'canary-proxy-password';

let aws: AwsStage;
let proxy: ConnectProxy;
beforeAll(async () => {
  aws = await makeAwsStage({ extraNames: [STS, SECRETS, SECRETS_US] });
});
beforeEach(async () => {
  await aws.reset();
  aws.standIn.putSecret({ arn: ARN, value: CANARY });
  proxy = await startConnectProxy(aws.standIn);
});
afterEach(() => proxy.stop());
afterAll(() => aws.stop());

/** The endpoints of AWS, through the proxy. */
function throughProxy(more: Readonly<Record<string, string | undefined>> = {}) {
  return { AWS_ENDPOINT_URL: undefined, SECRETS_INJECTOR_HTTPS_PROXY: proxy.url, ...more };
}

describe('the proxy of the operator', () => {
  it('connects to both services, and sees nothing but their names', async () => {
    const finished = await aws.stage.run(onePlan(ARN), throughProxy());
    expect(finished).toMatchObject({ code: 0, stderr: '' });
    expect(aws.stage.read('value').toString()).toBe(CANARY);
    expect(proxy.asked.toSorted()).toEqual([`${SECRETS}:443`, `${STS}:443`]);
    expect(proxy.authorizations).toEqual([undefined, undefined]);
  });

  it('gets the credentials in its URL', async () => {
    const url = proxy.url.replace('http://', `http://us%40er:${PASSWORD}%3A@`);
    const finished = await aws.stage.run(onePlan(ARN), throughProxy({ SECRETS_INJECTOR_HTTPS_PROXY: url }));
    expect(finished.code).toBe(0);
    const expected = `Basic ${Buffer.from(`us@er:${PASSWORD}:`).toString('base64')}`;
    expect(proxy.authorizations).toEqual([expected, expected]);
  });

  it('connects to many secrets of two Regions with at most four connections each', async () => {
    const arns = Array.from({ length: 12 }, (_, index) =>
      arnOf(`many/${index}`, index % 2 === 0 ? 'eu-west-1' : 'us-east-1'),
    );
    for (const arn of arns) aws.standIn.putSecret({ arn, value: arn });
    const plan = planOf(arns, { files: arns.map((_, secret) => ({ path: `f${secret}`, secret })) });
    expect(await aws.stage.run(plan, throughProxy())).toMatchObject({ code: 0, stderr: '' });
    for (const host of [SECRETS, SECRETS_US])
      expect(proxy.asked.filter((one) => one === `${host}:443`).length).toBeLessThanOrEqual(4);
  });

  it.each([
    'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Type: text/html\r\n\r\n<html>no</html>',
    'HTTP/1.1 503 Service Unavailable\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\nfirst',
    'garbage\r\n\r\n',
    '',
  ])('is asked again after %j', async (answer) => {
    proxy.script(answer, answer, answer, 'tunnel');
    const finished = await aws.stage.run(onePlan(ARN), throughProxy());
    expect(finished.code).toBe(0);
    expect(finished.stderr).toMatch(
      /^(?:(?:STS|Secrets Manager in eu-west-1): [^\n]*proxy[^\n]*; retrying\n)+$/,
    );
  });

  it.each([
    ['HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'HTTP 407 from the proxy'],
    [
      'HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>blocked</html>',
      'HTTP 403 from the proxy',
    ],
    ['', 'no connection to the proxy, connection reset'],
  ])('that answers %j for ever ends in AWS_UNAVAILABLE', async (answer, says) => {
    proxy.script(answer);
    const url = proxy.url.replace('http://', `http://user:${PASSWORD}@`);
    const finished = await aws.stage.run(
      onePlan(ARN, 1),
      throughProxy({ SECRETS_INJECTOR_HTTPS_PROXY: url }),
    );
    expect(finished.code).toBe(13);
    expect(finished.termination).toContain(`last failure: ${says}; check the operator settings https-proxy`);
    expectNoCanary([finished.stderr, finished.stdout], PASSWORD);
  });

  it('that never answers ends with the deadline', async () => {
    proxy.script('hang');
    const finished = await aws.stage.run(onePlan(ARN, 1), throughProxy());
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/^AWS_UNAVAILABLE .*last failure: timeout/);
  });

  it.each(['http://127.0.0.1:1', 'http://no-such-proxy.invalid:3128'])('that is not at %s', async (url) => {
    const finished = await aws.stage.run(
      onePlan(ARN, 1),
      throughProxy({ SECRETS_INJECTOR_HTTPS_PROXY: url }),
    );
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/last failure: (?:no connection to the proxy|timeout)/);
  });

  it.each([
    ['SECRETS_INJECTOR_HTTPS_PROXY', `socks5://user:${PASSWORD}@127.0.0.1`],
    ['SECRETS_INJECTOR_NO_PROXY', `${PASSWORD}/x?`],
  ])('%s that cannot be read is told, not ignored', async (name, value) => {
    const finished = await aws.stage.run(onePlan(ARN), throughProxy({ [name]: value }));
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(new RegExp(`^AWS_UNAVAILABLE ${name}: `));
    expectNoCanary([finished.stderr], PASSWORD);
    expect(proxy.connections).toBe(0);
  });

  it('presents the certificate of another host: the token is not sent', async () => {
    const finished = await aws.stage.run(onePlan(ARN, 1), throughProxy({ AWS_REGION: 'eu-west-2' }));
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/last failure: TLS: ERR_TLS_CERT_ALTNAME_INVALID/);
    expect(aws.standIn.requests).toEqual([]);
  });

  it('sees the host of the first Region, if AWS_REGION is not the name of one', async () => {
    const finished = await aws.stage.run(onePlan(ARN), throughProxy({ AWS_REGION: 'x@localhost:1/#' }));
    expect(finished.code).toBe(0);
    expect(finished.stderr).toBe('AWS_REGION is not the name of a Region and is not used\n');
    expect(proxy.asked).toContain(`${STS}:443`);
  });
});

describe('without the proxy', () => {
  it.each(['SECRETS_INJECTOR_NO_PROXY', 'NO_PROXY'])('hosts are reached directly: %s', async (name) => {
    const finished = await aws.stage.run(onePlan(ARN, 1), throughProxy({ [name]: '.svc,.amazonaws.com' }));
    const isOurs = name !== 'NO_PROXY';
    expect([finished.code, proxy.connections > 0]).toEqual(isOurs ? [13, false] : [0, true]);
  });

  it('loopback endpoints are reached directly', async () => {
    const variables = { SECRETS_INJECTOR_HTTPS_PROXY: proxy.url };
    expect(await aws.stage.run(onePlan(ARN), variables)).toMatchObject({ code: 0, stderr: '' });
    expect(proxy.connections).toBe(0);
  });

  it.each(['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'all_proxy'])(
    '%s has no effect',
    async (name) => {
      const variables = { [name]: proxy.url, NODE_USE_ENV_PROXY: '1' };
      expect(await aws.stage.run(onePlan(ARN), variables)).toMatchObject({ code: 0, stderr: '' });
      expect(proxy.connections).toBe(0);
    },
  );
});

describe('the certificate authority of the operator', () => {
  it('is needed for endpoints that no public one vouches for', async () => {
    const finished = await aws.stage.run(onePlan(ARN, 1), { SECRETS_INJECTOR_CA_BUNDLE: undefined });
    expect(finished.code).toBe(13);
    expect(finished.termination).toMatch(/last failure: TLS: .*ca-bundle-file/);
    expect(aws.standIn.requests).toEqual([]);
  });

  it('can be one of several', async () => {
    const other = await generate([{ name: 'commonName', value: 'other CA' }], { algorithm: 'sha256' });
    const variables = { SECRETS_INJECTOR_CA_BUNDLE: `${other.cert}\n${aws.standIn.caPem}` };
    expect(await aws.stage.run(onePlan(ARN), variables)).toMatchObject({ code: 0, stderr: '' });
  });

  it.each(['no PEM', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'that cannot be read is told: %j',
    async (pem) => {
      const finished = await aws.stage.run(onePlan(ARN), { SECRETS_INJECTOR_CA_BUNDLE: pem });
      expect(finished.code).toBe(13);
      expect(finished.termination).toMatch(/^AWS_UNAVAILABLE SECRETS_INJECTOR_CA_BUNDLE: /);
    },
  );
});
