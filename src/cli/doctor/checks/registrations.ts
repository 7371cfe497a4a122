/** The webhooks of the product in the MutatingWebhookConfigurations of a cluster. */
import { asArray, field, textField } from '../../../core/json.ts';

/** A configuration with webhooks of the product. */
export interface Registration {
  readonly name: string;
  readonly webhooks: readonly unknown[];
}

/** How the API server reaches a webhook. */
export type ClientConfig = {
  /** In PEM; empty if it is missing. */
  readonly caBundle: string;
} & (
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string; readonly port: number }
  | { readonly kind: 'url'; readonly url: string }
);

/** Finds the registrations by the names of their webhooks, because the object can have any name. */
export function registrationsIn(items: readonly unknown[]): readonly Registration[] {
  return items.flatMap((item) => {
    const all = asArray(field(item, 'webhooks') ?? []) ?? [];
    const webhooks = all.filter((one) => textField(one, 'name')?.endsWith('.secrets-injector.dev') === true);
    const name = textField(field(item, 'metadata'), 'name') ?? '';
    return webhooks.length === 0 ? [] : [{ name, webhooks }];
  });
}

/** @returns undefined for a form that the API server does not accept */
export function clientConfigOf(webhook: unknown): ClientConfig | undefined {
  const config = field(webhook, 'clientConfig');
  const caBundle = Buffer.from(textField(config, 'caBundle') ?? '', 'base64').toString();
  const url = textField(config, 'url');
  if (url !== undefined) return { kind: 'url', url, caBundle };
  const service = field(config, 'service');
  const [namespace, name] = [textField(service, 'namespace'), textField(service, 'name')];
  if (namespace === undefined || name === undefined) return undefined;
  const port = field(service, 'port');
  return { kind: 'service', namespace, name, port: typeof port === 'number' ? port : 443, caBundle };
}
