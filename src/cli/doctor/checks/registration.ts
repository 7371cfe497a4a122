/** Whether the API server calls the webhook: the MutatingWebhookConfigurations. */
import { asArray, field, textField } from '../../../core/json.ts';
import { printable } from '../../../core/problems/quote.ts';
import { type Check, count, type Finding, finding, okay, some } from '../check.ts';
import { OPT_IN_LABEL } from '../facts.ts';
import { clientConfigOf, type Registration, registrationsIn } from './registrations.ts';

export const registration: Check = {
  name: 'registration',
  about: 'The MutatingWebhookConfigurations: caBundle, and which pods they select.',
  async run({ facts, namespace }) {
    const items = await facts.registrations();
    if (!items.ok) return [items.problem];
    const found = registrationsIn(items.value);
    if (found.length === 0)
      return [
        finding(
          'fail',
          'the webhook is not registered: no MutatingWebhookConfiguration contains it',
          'Install it: docs/guides/install.md',
        ),
      ];
    return found.map((one) => judge(one, namespace));
  },
};

function judge({ name, webhooks }: Registration, namespace: string): Finding {
  const shown = printable(name);
  const get = `kubectl get mutatingwebhookconfiguration ${shown} -o yaml`;
  const configs = webhooks.map(clientConfigOf);
  const without = webhooks.filter((_, index) => configs[index]?.caBundle === '');
  if (without.length > 0)
    return finding(
      'fail',
      `${shown}: caBundle is missing in ${count(without.length, 'webhook')} of ${webhooks.length}`,
      `kubectl -n ${namespace} logs deployment/aws-secrets-injector | grep -i certificate`,
      'Something may have reset it: docs/guides/gitops.md',
    );
  if (!webhooks.some(selectsPods))
    return finding('fail', `${shown}: no rule matches the creation of pods`, get);
  const open = webhooks.filter((one) => !selectsOptedIn(one));
  if (open.length > 0)
    return finding(
      'warn',
      `${shown}: not all webhooks select namespaces by the label ${OPT_IN_LABEL}=enabled: ${some(open.map(nameOf))}`,
      get,
    );
  const injecting = webhooks.filter((one) => !nameOf(one).startsWith('verify.'));
  if (!injecting.some((one) => textField(one, 'failurePolicy') === 'Fail'))
    return finding(
      'warn',
      `${shown}: every failurePolicy is Ignore, so that only the guard rejects pods that were not injected`,
      get,
    );
  if (injecting.some((one) => textField(one, 'reinvocationPolicy') !== 'IfNeeded'))
    return finding(
      'warn',
      `${shown}: reinvocationPolicy is not IfNeeded, so that later webhooks can undo the injection`,
      get,
    );
  return okay(`${shown} calls ${targetsOf(configs)} with ${count(webhooks.length, 'webhook')}`);
}

function nameOf(webhook: unknown): string {
  return textField(webhook, 'name') ?? '';
}

function targetsOf(configs: readonly ReturnType<typeof clientConfigOf>[]): string {
  const targets = configs.map((config) => {
    if (config === undefined) return 'nothing';
    return config.kind === 'url' ? config.url : `the Service ${config.namespace}/${config.name}`;
  });
  return some([...new Set(targets)]);
}

function selectsPods(webhook: unknown): boolean {
  return (asArray(field(webhook, 'rules')) ?? []).some(
    (rule) => includes(field(rule, 'operations'), 'CREATE') && includes(field(rule, 'resources'), 'pods'),
  );
}

function includes(list: unknown, word: string): boolean {
  return (asArray(list) ?? []).some((one) => one === word || one === '*');
}

function selectsOptedIn(webhook: unknown): boolean {
  const selector = field(webhook, 'namespaceSelector');
  if (textField(field(selector, 'matchLabels'), OPT_IN_LABEL) === 'enabled') return true;
  return (asArray(field(selector, 'matchExpressions')) ?? []).some(
    (one) => textField(one, 'key') === OPT_IN_LABEL && textField(one, 'operator') === 'In',
  );
}
