/**
 * The errors of the guides, with the built fetcher against the AWS fake and the fake of the agent: each row of the tables
 * quotes what the fetcher says. The complete messages are written by UPDATE_DOCS=1.
 */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Plan } from '../../src/core/plan/plan.ts';
import { POD_IDENTITY_AUDIENCE } from '../aws-fake/index.ts';
import { planOf } from '../fetcher/plans.ts';
import { makePodIdentityStage, type PodIdentityStage } from '../fetcher/pod-identity-stage.ts';
import type { Variables } from '../fetcher/stage.ts';
import { TOKEN_FILE } from '../fetcher/stage.ts';
import { readGuide, updatePage } from '../guides/page.ts';

const EKS = 'docs/guides/eks.md';
const POD_IDENTITY = 'docs/guides/pod-identity.md';
const WIDTH = 100;

let aws: PodIdentityStage;
beforeAll(async () => {
  aws = await makePodIdentityStage();
});
beforeEach(async () => {
  await aws.reset();
});
afterAll(() => aws.stop());

/** The pod of a guide. */
interface Pod {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly role: string;
  readonly secret: string;
}

const WEB: Pod = {
  namespace: 'shop',
  serviceAccount: 'web',
  role: 'arn:aws:iam::111122223333:role/shop-web',
  secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf',
};
const API: Pod = {
  namespace: 'orders',
  serviceAccount: 'api',
  role: 'arn:aws:iam::111122223333:role/orders-api',
  secret: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:orders/api-AbCdEf',
};

const NO_IDENTITY: Variables = {
  AWS_ROLE_ARN: undefined,
  AWS_WEB_IDENTITY_TOKEN_FILE: undefined,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: undefined,
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: undefined,
};

/** Runs the fetcher as in the pod. @returns its message */
async function message(pod: Pod, variables: Variables): Promise<string> {
  const plan: Plan = planOf([pod.secret], { files: [{ path: 'db.json', secret: 0 }] }, 3);
  const account = { SECRETS_INJECTOR_SERVICE_ACCOUNT: `${pod.namespace}/${pod.serviceAccount}` };
  return (await aws.stage.run(plan, { ...variables, ...account })).termination;
}

/** With IRSA. @param allow the secrets in the policy of the role, if it exists */
async function withIrsa(pod: Pod, allow?: readonly string[], role = pod.role): Promise<string> {
  const { namespace, serviceAccount } = pod;
  aws.stage.writeToken(await aws.standIn.issueToken({ namespace, serviceAccount }));
  if (allow !== undefined) {
    const subjects = [`system:serviceaccount:${namespace}:${serviceAccount}`];
    aws.standIn.putRole({ arn: pod.role, subjects, allow });
  }
  return await message(pod, {
    ...NO_IDENTITY,
    AWS_ROLE_ARN: role,
    AWS_WEB_IDENTITY_TOKEN_FILE: TOKEN_FILE,
  });
}

/** With an association. @param allow the secrets in the policy of the role, if there is an association */
async function withAssociation(pod: Pod, allow?: readonly string[]): Promise<string> {
  const { namespace, serviceAccount } = pod;
  const subject = { namespace, serviceAccount };
  aws.writeAgentToken(await aws.standIn.issueToken({ ...subject, audience: POD_IDENTITY_AUDIENCE }));
  if (allow !== undefined) {
    aws.standIn.putRole({ arn: pod.role, subjects: [], allow });
    aws.agent.associate({ ...subject, roleArn: pod.role });
  }
  return await message(pod, aws.variables);
}

const withoutIdentity = (pod: Pod) => message(pod, NO_IDENTITY);
const asDefault = (pod: Pod) => message({ ...pod, serviceAccount: 'default' }, NO_IDENTITY);

/** How each row of a table comes about: code and quotation. */
const ROWS: Readonly<Record<string, Readonly<Record<string, () => Promise<string>>>>> = {
  [EKS]: {
    'IDENTITY_MISSING has no AWS identity': () => withoutIdentity(WEB),
    'IDENTITY_MISSING service account "shop/default"': () => asDefault(WEB),
    'IDENTITY_MISSING it may be newer than the pod': () => withoutIdentity(WEB),
    'IDENTITY_REFUSED (AccessDenied)': () => withIrsa(WEB),
    // In the fake, an account without roles has no provider.
    'IDENTITY_REFUSED create an IAM OIDC identity provider for': () =>
      withIrsa(WEB, undefined, 'arn:aws:iam::444455556666:role/shop-web'),
    'AWS_ACCESS_DENIED is not allowed to read': () => {
      aws.standIn.putSecret({ arn: WEB.secret, value: '{}' });
      return withIrsa(WEB, []);
    },
    'AWS_KMS_DENIED is not allowed to use the KMS key': () => {
      aws.standIn.putSecret({ arn: WEB.secret, value: '{}' });
      aws.standIn.script('GetSecretValue', { kind: 'kmsDenied', times: 'forever' });
      return withIrsa(WEB, [WEB.secret]);
    },
    'SECRET_NOT_FOUND does not exist': () => {
      const secret = WEB.secret.replace('eu-west-1', 'eu-central-1');
      return withIrsa({ ...WEB, secret }, [secret]);
    },
    'AWS_UNAVAILABLE STS returned no usable answer': () => {
      aws.standIn.script('AssumeRoleWithWebIdentity', { kind: 'reset', times: 'forever' });
      return withIrsa(WEB, [WEB.secret]);
    },
  },
  [POD_IDENTITY]: {
    'IDENTITY_MISSING has no AWS identity': () => withoutIdentity(API),
    'IDENTITY_MISSING it may be newer than the pod': () => withoutIdentity(API),
    'IDENTITY_MISSING service account "orders/default"': () => asDefault(API),
    'IDENTITY_REFUSED (ResourceNotFoundException)': () => noAssociation(),
    'IDENTITY_REFUSED (AccessDeniedException)': () => {
      aws.agent.script({ kind: 'denied', times: 'forever' });
      return withAssociation(API, []);
    },
    'AWS_UNAVAILABLE the EKS Pod Identity Agent returned no usable answer': () => noAgent(),
    'AWS_UNAVAILABLE 169.254.170.23': () => noAgent(),
    'AWS_THROTTLED the EKS Pod Identity Agent was still throttling': () => {
      aws.agent.script({ kind: 'throttle', times: 'forever' });
      return withAssociation(API, []);
    },
    'AWS_ACCESS_DENIED is not allowed to read': () => {
      aws.standIn.putSecret({ arn: API.secret, value: '{}' });
      return withAssociation(API, []);
    },
  },
};

async function noAgent(): Promise<string> {
  await aws.agent.refuse();
  return await withAssociation(API);
}

async function noAssociation(): Promise<string> {
  aws.agent.script({ kind: 'notFound', times: 'forever' });
  return await withAssociation(API);
}

/** The first cell of a row: a code, and a part of its message. */
const ROW = /^\| `([A-Z_]+)`: `([^`]+)` \|/gm;

const cases = [EKS, POD_IDENTITY].flatMap((page) =>
  [...new Set([...readGuide(page).text.matchAll(ROW)].map(([, code, says]) => `${code} ${says}`))].map(
    (row) => [page, row] as const,
  ),
);

it('finds the rows of both guides, and each has a test', () => {
  const wanted = Object.entries(ROWS).flatMap(([page, rows]) => Object.keys(rows).map((row) => [page, row]));
  expect(cases).toEqual(wanted);
});

it.each(cases)('%s: %s', async (page, row) => {
  const said = (await ROWS[page]?.[row]?.()) ?? '';
  const at = row.indexOf(' ');
  expect(said).toMatch(new RegExp(`^${row.slice(0, at)} `));
  expect(said).toContain(row.slice(at + 1));
});

/** The complete messages. */
const SHOWN = [
  [EKS, 'IDENTITY_MISSING', () => withoutIdentity(WEB)],
  [POD_IDENTITY, 'IDENTITY_REFUSED', noAssociation],
] as const;

it.each(SHOWN)('%s shows the message %s', async (page, code, run) => {
  const block = new RegExp(`(<!-- message: ${code} -->\\n\\n\`\`\`\\n)(.*?)(\`\`\`\\n)`, 's');
  const guide = readGuide(page);
  expect(guide.text).toMatch(block);
  const said = await run();
  expect(said).toMatch(new RegExp(`^${code} `));
  const current = guide.text.replace(
    block,
    (_, begin: string, _old, end: string) => `${begin}${wrap(said)}${end}`,
  );
  if (!updatePage(guide, current)) expect(guide.text).toBe(current);
});

/** Breaks lines at spaces. */
function wrap(said: string): string {
  const lines = said
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const wrapped = [''];
      for (const word of line.split(' ')) {
        const last = wrapped.at(-1) ?? '';
        if (last !== '' && last.length + 1 + word.length > WIDTH) wrapped.push(word);
        else wrapped.splice(-1, 1, last === '' ? word : `${last} ${word}`);
      }
      return wrapped;
    });
  return `${lines.join('\n')}\n`;
}
