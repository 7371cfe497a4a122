/** Names that become parts of policies and templates. */
import { describe, expect, it } from 'vitest';
import { hclBlock, jsonencode } from '../../../../src/core/advice/hcl.ts';
import { parseIssuer } from '../../../../src/core/advice/issuer.ts';
import { parseKeyArn } from '../../../../src/core/advice/key-arn.ts';
import { decryptCondition, secretResource } from '../../../../src/core/iam/statements.ts';
import { parseArn } from '../../../../src/core/names/arn.ts';

function arnOf(text: string) {
  const arn = parseArn(text, '');
  if (!arn.ok) throw new Error(arn.problem.wrong);
  return arn.value;
}

describe('keys', () => {
  it.each([
    'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
    'arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab',
  ])('%s', (text) => expect(parseKeyArn(text)?.text).toBe(text));
  it.each([
    'arn:aws:kms:eu-west-1:111122223333:alias/x',
    'arn:aws:kms:eu-west-1:111122223333:key/*',
    'arn:aws:kms:*:111122223333:key/x',
    'arn:aws:kms:cn-north-1:111122223333:key/x',
    '1234abcd-12ab-34cd-56ef-1234567890ab',
  ])('not %s', (text) => expect(parseKeyArn(text)).toBeUndefined());
});

describe('issuers', () => {
  it.each([
    [
      'https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE',
      'oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE',
      undefined,
    ],
    ['https://issuer.example/', 'issuer.example', undefined],
    ['https://issuer.example:8443/a/b', 'issuer.example:8443/a/b', undefined],
    [
      'arn:aws:iam::111122223333:oidc-provider/issuer.example/a',
      'issuer.example/a',
      { account: '111122223333' },
    ],
  ])('%s', (text, host, provider) => expect(parseIssuer(text)).toEqual({ host, provider }));
  it.each([
    'http://issuer.example',
    'issuer.example',
    'https://issuer.example?x',
    'https://*.example',
    'https://a"b',
    'https://issuer.example/$' + '{aws:username}',
    'arn:aws:iam::111122223333:oidc-provider/*',
  ])('not %s', (text) => expect(parseIssuer(text)).toBeUndefined());
});

it('has wildcards only for the suffix that a partial ARN lacks', () => {
  const base = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!db';
  expect(secretResource(arnOf(`${base}-AbCdEf`))).toBe(`${base}-AbCdEf`);
  expect(secretResource(arnOf(base))).toBe(`${base}-??????`);
});

it('names Secrets Manager by the DNS suffix of the partition too', () => {
  const condition = decryptCondition([
    arnOf('arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:db-AbCdEf'),
  ]);
  expect(condition['StringEquals']?.['kms:ViaService']).toEqual([
    'secretsmanager.cn-north-1.amazonaws.com',
    'secretsmanager.cn-north-1.amazonaws.com.cn',
  ]);
});

it('writes HCL in which no text is an expression', () => {
  const [start, directive] = ['$' + '{a}', '%' + '{if b}'];
  const text = hclBlock('resource', ['t', 'n'], {
    short: start,
    longer: true,
    policy: jsonencode({ A: [directive], 'b:c': '"', D: 'x' }),
    last: 'y',
  });
  expect(text).toBe(`resource "t" "n" {
  short  = "$${start}"
  longer = true
  policy = jsonencode({
    A = [
      "%${directive}",
    ]
    "b:c" = "\\""
    D     = "x"
  })
  last = "y"
}
`);
});
