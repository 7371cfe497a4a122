/** Where each command of a guide is tested. A command of another kind fails the test. */

/**
 * `aws`: with the AWS CLI against moto. `model`: moto lacks the call, so the AWS CLI checks the command against its model of
 * the API, and sends nothing. `injector`: the CLI of the project. `shell`: what connects the others. `cluster`: with a real
 * API server. `setting`: flags of the webhook. `nowhere`: not at all, for the given reason.
 */
export type Kind = 'aws' | 'model' | 'injector' | 'shell' | 'cluster' | 'setting' | 'nowhere';

/** Calls that moto 5.2.5 does not implement. */
const NOT_IN_MOTO: readonly string[] = [
  'eks create-addon',
  'eks create-pod-identity-association',
  'eks delete-pod-identity-association',
  'eks describe-pod-identity-association',
  'eks list-pod-identity-associations',
  'eks update-pod-identity-association',
];

/** Commands that no test runs, and why. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  'kubectl -n kube-system get daemonset eks-pod-identity-agent': 'only EKS has the add-on',
  'aws-secrets-injector iam-policy -f deploy/': 'the page shows no such folder',
  'kustomize build overlays/prod | aws-secrets-injector iam-policy': 'the page shows no such overlay',
  'helm template web ./chart --namespace shop | aws-secrets-injector iam-policy --namespace shop':
    'the page shows no such chart',
  'aws-secrets-injector audit --live -f web.yaml --region eu-west-1 --format html > audit.html':
    'the AWS CLI of the tests has version 1, which exports no credentials; test/aws/audit.test.ts runs --live',
  'kubectl apply -k my-cluster': 'a unit test builds the component, and its example of a kustomization',
  'kubectl -n aws-secrets-injector create job --from=cronjob/aws-secrets-injector-audit audit-now':
    'a cluster of the tests has no IAM',
  'kubectl -n aws-secrets-injector logs --follow job/audit-now': 'a cluster of the tests has no IAM',
};

const SHELL: ReadonlySet<string> = new Set(['umask', 'printf', 'rm', 'cat', 'jq', 'mkdir', 'cp']);

/** @throws Error for a command that no test knows */
export function kindOf(command: string): Kind {
  if (Object.hasOwn(NOT_RUN, command)) return 'nowhere';
  if (command.startsWith('--')) return 'setting';
  const [program = '', service, operation] = command.replace(/^\w+=\$\(/, '').split(/\s+/);
  if (program === 'aws') return NOT_IN_MOTO.includes(`${service} ${operation}`) ? 'model' : 'aws';
  if (program === 'kubectl') return 'cluster';
  if (/^(?:scripts\/)?aws-secrets-injector$/.test(program)) return 'injector';
  if (SHELL.has(program)) return 'shell';
  throw new Error(`no test runs this command; add it to test/guides/kinds.ts: ${command}`);
}
