/** Estimated figures as people read them: no more digits than an estimate has. */

const COUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const SMALL = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 });
const DOLLARS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** For example `27,663`. */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** For example `0.32`, `12` or `less than 0.01`. */
export function formatRate(rate: number): string {
  return smallOr(rate, 100);
}

/** @param share from 0 to 1 @returns for example `0.26 %` */
export function formatPercent(share: number): string {
  return `${smallOr(share * 100, 10)} %`;
}

/** For example `$0.14`. */
export function formatDollars(dollars: number): string {
  return dollars > 0 && dollars < 0.01 ? 'less than $0.01' : `$${DOLLARS.format(dollars)}`;
}

function smallOr(value: number, most: number): string {
  if (value > 0 && value < 0.01) return 'less than 0.01';
  return value < most ? SMALL.format(value) : COUNT.format(value);
}
