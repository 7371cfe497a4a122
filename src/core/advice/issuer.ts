/** The issuer of service account tokens, and the OIDC provider in IAM that stands for it. */

export interface Issuer {
  /** The URL without `https://`: the start of condition keys, and the end of the provider's ARN. */
  readonly host: string;
  /** The account of the provider, if the issuer was given as the provider's ARN. */
  readonly provider: { readonly account: string } | undefined;
}

// IAM API, CreateOpenIDConnectProvider, `Url`: https, without query.
const HOST = /^[a-z0-9.-]{1,253}(?::\d{1,5})?(?:\/[\w.~-]{1,128}){0,8}$/i;
const PROVIDER = /^arn:[a-z-]{3,20}:iam::(\d{12}):oidc-provider\/(.+)$/;

/** Parses the URL of an issuer, or the ARN of its provider. @returns undefined if the text is neither */
export function parseIssuer(text: string): Issuer | undefined {
  const [, account, path = ''] = PROVIDER.exec(text) ?? [];
  if (account !== undefined) return HOST.test(path) ? { host: path, provider: { account } } : undefined;
  if (!text.startsWith('https://')) return undefined;
  const host = text.slice('https://'.length).replace(/\/$/, '');
  return HOST.test(host) ? { host, provider: undefined } : undefined;
}
