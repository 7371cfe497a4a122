/**
 * What AWS allows and charges for calls to Secrets Manager: the one place with these numbers. They apply to the account
 * whose role makes the calls, in each Region separately. AWS does not raise these quotas on request.
 *
 * Sources: the AWS announcement of 2025-03-04, whats-new/2025/03/aws-secrets-manager-increases-api-requests-seconds
 * (quotas); "AWS Secrets Manager quotas" in its User Guide (accounts and Regions); and
 * https://aws.amazon.com/secrets-manager/pricing/ as of 2026-09-20 (prices; the Regions in China have others).
 */

/** A call of the fetcher to Secrets Manager. */
export type SecretsManagerCall = 'GetSecretValue' | 'DescribeSecret';

/** Calls per second of an account in a Region. */
export const QUOTAS: Readonly<Record<SecretsManagerCall, number>> = {
  GetSecretValue: 10_000,
  DescribeSecret: 40_000,
};

/** In US dollars. */
export const PRICES = {
  /** Of 10,000 calls. */
  tenThousandCalls: 0.05,
  /** Of a secret in a month. A replica in another Region is a secret of its own. */
  secretMonth: 0.4,
} as const;

/** The month of the AWS pricing calculator: 730 hours. */
export const SECONDS_OF_MONTH = 730 * 3600;

/** What a number of calls costs, in US dollars. */
export function priceOf(calls: number): number {
  return (calls / 10_000) * PRICES.tenThousandCalls;
}
