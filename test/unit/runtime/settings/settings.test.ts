import { describe, expect, test } from 'vitest';
import { renderSettingsHelp, renderSettingsTable } from '../../../../src/runtime/settings/help.ts';
import {
  checkInjection,
  INJECTION_SETTINGS,
  injectionSettings,
  nativeWithoutCluster,
  sidecarsWithoutCluster,
} from '../../../../src/runtime/settings/injection.ts';
import { choice, duration, integer, SWITCH } from '../../../../src/runtime/settings/kinds.ts';
import { optional, REQUIRED, readSettings, setting } from '../../../../src/runtime/settings/settings.ts';
import { readWebhookSettings, WEBHOOK_SETTINGS } from '../../../../src/webhook/settings.ts';

const DEFINITIONS = {
  port: setting(integer(1, 9), 5, 'A port.'),
  mode: optional(choice('a', 'b'), 'A mode.'),
  strict: setting(SWITCH, false, 'Be strict.'),
} as const;

function read(argv: readonly string[], env: Record<string, string> = {}): unknown {
  const result = readSettings(DEFINITIONS, argv, env);
  return result.kind === 'settings'
    ? result.values
    : result.kind === 'problems'
      ? result.problems
      : result.kind;
}

describe('settings', () => {
  test('have defaults', () => {
    expect(read([])).toEqual({ port: 5, mode: undefined, strict: false });
  });

  test('come from variables, and flags win', () => {
    const env = { SECRETS_INJECTOR_PORT: '3', SECRETS_INJECTOR_MODE: 'b', SECRETS_INJECTOR_STRICT: 'true' };
    expect(read([], env)).toEqual({ port: 3, mode: 'b', strict: true });
    expect(read(['--port', '4', '--mode=a', '--strict=false'], env)).toEqual({
      port: 4,
      mode: 'a',
      strict: false,
    });
  });

  test('that are empty variables are not set', () => {
    expect(read([], { SECRETS_INJECTOR_PORT: '' })).toMatchObject({ port: 5 });
  });

  test('that are switches need no value', () => {
    expect(read(['--strict'])).toMatchObject({ strict: true });
  });

  test('are frozen', () => {
    expect(Object.isFrozen(read([]))).toBe(true);
  });

  test.each([
    [['--port'], ['--port: requires a value']],
    [['--port', '--strict'], ['--port: requires a value']],
    [['--port', '1', '--port', '2'], ['--port: is set 2 times']],
    [['--port', '0x1'], ['--port: "0x1" is not accepted; expected a whole number from 1 to 9']],
    [['--strict=yes'], ['--strict: "yes" is not accepted; expected true or false']],
    [
      ['--__proto__', '1'],
      [
        '"--__proto__": unknown flag',
        '"1": unexpected argument: pass it with a flag; --help lists the flags',
      ],
    ],
    [['--constructor'], ['"--constructor": unknown flag']],
    [['-x'], ['"-x": unknown flag']],
    [['--', '--port'], ['"--port": unexpected argument: pass it with a flag; --help lists the flags']],
  ])('refuse %j', (argv, problems) => {
    expect(read(argv)).toEqual(problems);
  });

  test('refuse a misspelt variable, but not what Kubernetes sets for a Service of the same name', () => {
    expect(read([], { SECRETS_INJECTOR_PROT: '1' })).toEqual([
      '"SECRETS_INJECTOR_PROT": unknown variable; did you mean SECRETS_INJECTOR_PORT?',
    ]);
    const links = {
      SECRETS_INJECTOR_SERVICE_HOST: '10.0.0.1',
      SECRETS_INJECTOR_PORT_443_TCP: 'tcp://10.0.0.1:443',
    };
    expect(read([], links)).toMatchObject({ port: 5 });
  });

  test('that must be set say so', () => {
    const definitions = { name: setting(choice('x'), REQUIRED, 'A name.') } as const;
    expect(readSettings(definitions, [], {})).toEqual({
      kind: 'problems',
      problems: ['--name (or SECRETS_INJECTOR_NAME): must be set'],
    });
  });

  test('asked for help say nothing else', () => {
    expect(read(['-h', '--nonsense'])).toBe('help');
  });

  test('that contradict each other are refused', () => {
    const result = readSettings(DEFINITIONS, [], {}, () => ['no']);
    expect(result).toEqual({ kind: 'problems', problems: ['no'] });
  });
});

describe('settings of the injection', () => {
  function injection(argv: readonly string[], env: Record<string, string> = {}): unknown {
    const result = readSettings(INJECTION_SETTINGS, ['--image', 'a/b:1', ...argv], env, checkInjection);
    return result.kind === 'settings' ? injectionSettings(result.values) : result;
  }

  test('leave out what is not set', () => {
    expect(injection([])).toEqual({
      image: 'a/b:1',
      imageMirrors: [],
      fetcherEnv: [],
      resources: {},
      envMode: 'auto',
      namespaceEnvModes: new Map(),
      refreshCheck: 'describe',
      requireCompleteArns: false,
      allowedRoles: [],
      roleTokenAudience: 'sts.amazonaws.com',
    });
  });

  test('take variables for the fetcher from several flags', () => {
    const flags = [
      '--fetcher-env',
      'AWS_REGION=eu-west-1',
      '--fetcher-env',
      'AWS_ENDPOINT_URL_SECRETS_MANAGER=https://x/a,b=c',
    ];
    expect(injection(flags)).toMatchObject({
      fetcherEnv: [
        { name: 'AWS_REGION', value: 'eu-west-1' },
        { name: 'AWS_ENDPOINT_URL_SECRETS_MANAGER', value: 'https://x/a,b=c' },
      ],
    });
  });

  test.each([
    'AWS_REGION=us-east-1,AWS_USE_FIPS_ENDPOINT=true',
    'AWS_REGION=us-east-1\nAWS_USE_FIPS_ENDPOINT=true\n',
    ' AWS_USE_FIPS_ENDPOINT=true,\n AWS_REGION=us-east-1',
  ])('take them from the variable %j', (text) => {
    expect(injection([], { SECRETS_INJECTOR_FETCHER_ENV: text })).toMatchObject({
      fetcherEnv: expect.arrayContaining([{ name: 'AWS_REGION', value: 'us-east-1' }]),
    });
  });

  test.each([
    'AWS_ACCESS_KEY_ID=x',
    'AWS_ENDPOINT_URLS=x',
    'PATH=/x',
    'LD_PRELOAD=x',
    'NODE_OPTIONS=x',
    'AWS_REGION',
    'AWS_REGION=',
    'AWS_ENDPOINT_URL=a\rb',
    'AWS_REGION=us-east-1,AWS_REGION=us-east-1',
    'AWS_REGION=x@localhost:1/#',
    'AWS_DEFAULT_REGION=us-east',
    'AWS_USE_FIPS_ENDPOINT=maybe',
    'AWS_USE_DUALSTACK_ENDPOINT=1',
    'AWS_ENDPOINT_URL=http://sts.example',
    'AWS_ENDPOINT_URL_STS=sts.example',
  ])('refuse %j for the fetcher', (text) => {
    expect(injection(['--fetcher-env', text])).toMatchObject({ kind: 'problems' });
  });

  test('refuse what cannot be together', () => {
    const argv = [
      '--fetcher-env=AWS_REGION=us-east-1',
      '--fetcher-env=AWS_REGION=us-east-2',
      '--cpu-request=2',
      '--cpu-limit=500m',
    ];
    expect(injection(argv)).toEqual({
      kind: 'problems',
      problems: [
        '--fetcher-env: AWS_REGION is set more than once',
        '--cpu-request: is greater than --cpu-limit',
      ],
    });
    expect(injection(['--cpu-request=2', '--cpu-limit=none'])).toMatchObject({
      resources: { cpuLimit: 'none' },
    });
  });

  const ROLE = 'arn:aws:iam::111122223333:role/team/a,b=c';

  test.each<[text: string, pairs: readonly [namespace: string, role: string][]]>([
    [`shop=${ROLE}`, [['shop', ROLE]]],
    [
      `shop=${ROLE},*=*`,
      [
        ['shop', ROLE],
        ['*', '*'],
      ],
    ],
    [
      ` shop-*=arn:aws:iam::111122223333:role/*,\n b=${ROLE}\n`,
      [
        ['shop-*', 'arn:aws:iam::111122223333:role/*'],
        ['b', ROLE],
      ],
    ],
  ])('take roles by namespace from %j', (text, pairs) => {
    const allowedRoles = pairs.map(([namespace, role]) => ({ namespace, role }));
    expect(injection([], { SECRETS_INJECTOR_ALLOWED_ROLES: text })).toMatchObject({ allowedRoles });
    expect(injection(['--allowed-roles=z=*', `--allowed-roles=${text}`])).toMatchObject({
      allowedRoles: [{ namespace: 'z', role: '*' }, ...allowedRoles],
    });
  });

  test.each([
    '',
    'shop',
    `=${ROLE}`,
    'Shop=*',
    'shop=role/x',
    'shop=shop-*',
    'shop=arn:aws:iam::1:role/x',
    'shop=arn:aws:s3:::x',
    `shop=${ROLE} x`,
  ])('refuse %j as allowed roles', (text) => {
    expect(injection([`--allowed-roles=${text}`])).toMatchObject({ kind: 'problems' });
  });

  test('take the audience of the token for roles', () => {
    expect(injection(['--role-token-audience=https://a.example'])).toMatchObject({
      roleTokenAudience: 'https://a.example',
    });
    for (const text of ['', 'a b', 'ä', 'x'.repeat(256)])
      expect(injection([`--role-token-audience=${text}`])).toMatchObject({ kind: 'problems' });
  });

  test('take modes of namespaces from several flags or one variable', () => {
    const expected = {
      namespaceEnvModes: new Map([
        ['shop', 'native'],
        ['kube-x', 'file'],
      ]),
    };
    expect(
      injection(['--namespace-env-mode=shop=native', '--namespace-env-mode', 'kube-x=file']),
    ).toMatchObject(expected);
    for (const text of ['shop=native,kube-x=file', 'shop=native\n kube-x=file\n'])
      expect(injection([], { SECRETS_INJECTOR_NAMESPACE_ENV_MODE: text })).toMatchObject(expected);
  });

  test.each([
    'shop',
    'shop=',
    '=native',
    'shop=nativ',
    'shop=native=x',
    'Shop=native',
    'shop=native;x=file',
    'a b=auto',
    '*=native',
  ])('refuse %j as the mode of a namespace', (text) => {
    expect(injection(['--namespace-env-mode', text])).toMatchObject({ kind: 'problems' });
  });

  test('refuse two modes of one namespace', () => {
    expect(injection(['--namespace-env-mode', 'shop=native,shop=native'])).toEqual({
      kind: 'problems',
      problems: ['--namespace-env-mode: shop is set more than once'],
    });
  });

  test.each([
    ['on', { can: true, probe: false }],
    ['off', { can: false, why: expect.stringContaining('turned native variables off') }],
    ['auto', { can: false, why: 'no cluster was checked (set --native-variables to on or off)' }],
  ] as const)('without a cluster native variables are what the operator says: %s', (setting, support) => {
    expect(nativeWithoutCluster(setting)).toEqual(support);
  });

  test.each([
    ['available', { can: true }],
    ['unavailable', { can: false, why: expect.stringContaining('turned native sidecars off') }],
    ['auto', { can: true }],
  ] as const)('without a cluster, native sidecars are what the operator says: %s', (setting, support) => {
    expect(sidecarsWithoutCluster(setting)).toEqual(support);
  });

  test('the check of refresh is a setting of the core, by default with DescribeSecret', () => {
    const checkOf = (...args: readonly string[]) => {
      const read = readSettings(INJECTION_SETTINGS, ['--image=i', ...args], {});
      return read.kind === 'settings' ? injectionSettings(read.values).refreshCheck : undefined;
    };
    expect([checkOf(), checkOf('--refresh-check=value')]).toEqual(['describe', 'value']);
    expect(injection(['--refresh-check', 'list'])).toMatchObject({ kind: 'problems' });
  });

  test.each(['', 'a b', '-x', 'a\nb', '$(x)'])('refuse the image %j', (image) => {
    expect(readSettings(INJECTION_SETTINGS, [`--image=${image}`], {}).kind).toBe('problems');
  });
});

test.each([
  ['10s', 10],
  ['5m', 300],
  ['24h', 86_400],
])('the duration %s is %d seconds', (text, seconds) => {
  const kind = duration(10, 86_400, '');
  expect(kind.parse(text)).toBe(seconds);
  expect(kind.show?.(seconds)).toBe(text);
});

test.each(['9s', '25h', '1d', '5', 'm', '5m0s', '-5m', '1.5h', ' 5m', ''])('%j is no duration', (text) => {
  expect(duration(10, 86_400, '').parse(text)).toBeUndefined();
});

test('two servers on one port are refused', () => {
  const result = readWebhookSettings(
    ['--image=x', '--listen-port=8080', '--probe-port=8080', '--metrics-port=8080'],
    {},
  );
  expect(result).toEqual({
    kind: 'problems',
    problems: [
      '--probe-port: is equal to --listen-port; choose another port',
      '--metrics-port: is equal to --listen-port; choose another port',
      '--metrics-port: is equal to --probe-port; choose another port',
    ],
  });
});

test('the texts tell of every setting', () => {
  const help = renderSettingsHelp(WEBHOOK_SETTINGS);
  const table = renderSettingsTable(WEBHOOK_SETTINGS);
  for (const [name, { doc }] of Object.entries(WEBHOOK_SETTINGS)) {
    expect(help).toContain(`--${name}`);
    expect(help.replaceAll(/\s+/g, ' ')).toContain(doc);
    expect(table).toContain(`\`--${name}\``);
  }
  expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});
