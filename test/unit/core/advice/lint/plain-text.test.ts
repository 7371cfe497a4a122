/** Values that look like secrets, and values that do not. Tokens are put together here, so that scanners do not report this file. */
import { describe, expect, it } from 'vitest';
import { plainTextSecret, secretShape } from '../../../../../src/core/advice/lint/plain-text.ts';

const letters = (count: number) => 'aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0fG'.repeat(8).slice(0, count);

describe('well-known shapes', () => {
  it.each([
    ['a private key', `-----BEGIN RSA ${'PRIVATE KEY'}-----\nMII`],
    ['an access key ID of AWS', `AK${'IA'}ABCDEFGHIJKLMNOP`],
    ['a token of GitHub', `gh${'p_'}${letters(36)}`],
    ['a token of GitHub', `github${'_pat_'}${letters(70)}`],
    ['a token of GitLab', `glp${'at-'}${letters(20)}`],
    ['a token of Slack', `xo${'xb-'}123456789012-${letters(24)}`],
    ['a key of Stripe', `sk_${'live_'}${letters(24)}`],
    ['an API key of Google', `AI${'za'}${letters(35)}`],
    ['an API key of SendGrid', `S${'G.'}${letters(22)}.${letters(43)}`],
    ['a token of npm', `np${'m_'}${letters(36)}`],
    ['a token of Vault', `hv${'s.'}${letters(24)}`],
    ['a JSON web token', `ey${'J'}${letters(20)}.eyJ${letters(20)}.${letters(43)}`],
    ['a URL with a password', 'postgres://app:correct-horse@db:5432/shop'],
    ['a connection string with a key', `AccountName=a;AccountKey=${letters(44)}==`],
  ])('%s: %s', (what, value) => {
    expect(secretShape(value)).toBe(what);
    expect(plainTextSecret('ANY', `prefix ${value}`)).toBe(what);
  });

  it.each([
    'postgres://app@db:5432/shop',
    'postgres://app:$(DB_PASSWORD)@db:5432/shop',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: shells have such placeholders too
    'postgres://app:${DB_PASSWORD}@db:5432/shop',
    'postgres://app:{{password}}@db/shop',
    'postgres://app:<password>@db/shop',
    'https://example.com:8080/path',
    'http://user@example.com/a:b@c',
    '-----BEGIN CERTIFICATE-----',
    'gho_short',
  ])('none in %s', (value) => {
    expect(secretShape(value)).toBeUndefined();
  });
});

describe('by the name of the variable', () => {
  it.each([
    ['DB_PASSWORD', 'changeme', 'a password'],
    ['PGPASSWORD', 'x', undefined],
    ['MYSQL_PWD', 'hunter2', 'a password'],
    ['DB_PASSWORD', '$(OTHER)', undefined],
    ['DB_PASSWORD', '/run/secrets/aws/password', undefined],
    ['DB_PASSWORD', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:x', undefined],
    ['ALLOW_EMPTY_PASSWORD', 'yes', undefined],
    ['REQUIRE_PASSWORD', 'true', undefined],
    ['DB_PASSWORD', '', undefined],
    ['DB_PASSWORD_FILE', 'hunter2hunter2', undefined],
    ['API_TOKEN', 's3cr3t-v4lue', 'a secret'],
    ['API_TOKEN', 'service-account', undefined],
    ['SIGNING_SECRET', 'web-signing', undefined],
    ['CSRF_TOKEN', 'X-CSRF', undefined],
  ])('%s=%s', (name, value, what) => {
    expect(plainTextSecret(name, value)).toBe(what);
  });
});

describe('by entropy', () => {
  it.each([
    [letters(40), 'a random key'],
    ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYzK3yAbCdEf', 'a random key'],
    ['3fa85f64-5717-4562-b3fc-2c963f66afa6', undefined],
    ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', undefined],
    ['sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', undefined],
    ['com/example/ShopApplication/Configuration/Main2', undefined],
    ['--max-old-space-size=2048', undefined],
    ['a'.repeat(40), undefined],
    ['The quick brown fox jumps over the lazy dog 42 times', undefined],
    ['Eu-West-1-Production-Cluster-Node-Group-7', undefined],
  ])('%s', (value, what) => {
    expect(plainTextSecret('SETTING', value)).toBe(what);
  });
});

it('takes time linear in the value', () => {
  const hostile = [
    'a:'.repeat(200_000),
    'http://'.repeat(60_000),
    'eyJ'.repeat(100_000),
    `x://${'a'.repeat(300_000)}`,
  ];
  for (const value of hostile) expect(plainTextSecret('SETTING', value)).toBeUndefined();
  const letters26 = 'abcdefghijklmnopqrstuvwxyz';
  expect(plainTextSecret('SETTING', `${letters26.repeat(8)}X0123456789`)).toBe('a random key');
});
