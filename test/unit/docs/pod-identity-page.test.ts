/** The policies that docs/guides/pod-identity.md shows without a command: what they allow, by the rules of IAM. */
import { describe, expect, it } from 'vitest';
import { assumeStatement } from '../../../src/core/iam/statements.ts';
import { readGuide } from '../../guides/page.ts';
import { allows, type IamRequest } from '../../iam/evaluator.ts';

const { steps } = readGuide('docs/guides/pod-identity.md');
const CLUSTER = 'arn:aws:eks:eu-west-1:111122223333:cluster/prod';
const TARGET = 'arn:aws:iam::444455556666:role/orders-secrets';

/** The text of a file that the page tells to save. */
function saved(name: string): string {
  const step = steps.find((each) => each.kind === 'file' && each.name === name);
  if (step?.kind !== 'file') throw new Error(`the page has no ${name}`);
  return step.text;
}

/** A policy whose variables are the tags of the caller's session, as IAM evaluates it. */
function policyFor(name: string, tags: Readonly<Record<string, string>>): object {
  const text = saved(name).replaceAll(/\$\{aws:PrincipalTag\/([\w-]+)\}/g, (_, key: string) => {
    const value = tags[key];
    if (value === undefined) throw new Error(`no tag ${key}`);
    return value;
  });
  return JSON.parse(text) as object;
}

describe('abac.json', () => {
  const mayRead = (name: string, namespace: string, cluster = CLUSTER): boolean =>
    allows([policyFor('abac.json', { 'kubernetes-namespace': namespace })], {
      action: 'secretsmanager:GetSecretValue',
      resource: `arn:aws:secretsmanager:eu-west-1:111122223333:secret:${name}`,
      context: { 'aws:PrincipalTag/eks-cluster-arn': cluster },
    });

  it('allows a namespace to read its secrets', () => {
    expect(mayRead('orders/api-AbCdEf', 'orders')).toBe(true);
    expect(mayRead('shop/db-AbCdEf', 'shop')).toBe(true);
  });

  it.each([
    ['another namespace', 'orders/api-AbCdEf', 'shop', CLUSTER],
    ['a namespace whose name begins the same way', 'orders/api-AbCdEf', 'order', CLUSTER],
    ['another cluster', 'orders/api-AbCdEf', 'orders', `${CLUSTER}-2`],
  ])('does not allow it to %s', (_, secret, namespace, cluster) => {
    expect(mayRead(secret, namespace, cluster)).toBe(false);
  });
});

describe('target-trust.json', () => {
  const request: IamRequest = {
    action: 'sts:AssumeRole',
    principal: 'AWS arn:aws:iam::111122223333:role/orders-api',
    context: {
      'aws:RequestTag/eks-cluster-arn': CLUSTER,
      'aws:RequestTag/kubernetes-namespace': 'orders',
      'aws:RequestTag/kubernetes-service-account': 'api',
    },
  };
  const trusts = (change: Partial<IamRequest>): boolean =>
    allows([policyFor('target-trust.json', {})], { ...request, ...change });

  it('accepts the association, with its tags', () => {
    expect(trusts({})).toBe(true);
    expect(trusts({ action: 'sts:TagSession' })).toBe(true);
  });

  it.each(Object.keys(request.context ?? {}))('does not accept another %s', (key) => {
    expect(trusts({ context: { ...request.context, [key]: 'another' } })).toBe(false);
  });

  it('does not accept another role', () => {
    expect(trusts({ principal: 'AWS arn:aws:iam::111122223333:role/another' })).toBe(false);
  });
});

it('assume.json is the statement that the fetcher asks for', () => {
  expect(JSON.parse(saved('assume.json'))).toEqual({
    Version: '2012-10-17',
    Statement: [assumeStatement([TARGET])],
  });
});
