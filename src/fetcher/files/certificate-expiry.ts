/** Warnings about certificates that expire soon. */
import { X509Certificate } from 'node:crypto';
import { readPemBlocks } from '../../core/secret/pem.ts';

const DAY = 86_400_000;
const SOON = 30;

/**
 * @param pem text in PEM; only certificates are checked
 * @param subject the annotation that requests it
 * @param arn the secret that contains it
 * @param now milliseconds since 1970
 * @returns one line for each certificate that has expired or expires within 30 days, without its content
 */
export function certificateWarnings(
  pem: string,
  subject: string,
  arn: string,
  now: number,
): readonly string[] {
  const blocks = readPemBlocks(pem);
  if (!blocks.ok) return [];
  const certificates = blocks.value.filter((block) => block.label === 'CERTIFICATE');
  return certificates.flatMap((block, index) => {
    const which =
      certificates.length === 1 ? 'certificate' : `certificate ${index + 1} of ${certificates.length}`;
    const state = stateOf(block.text, now);
    return state === undefined ? [] : [`${subject}: ${which} in secret ${arn} ${state}`];
  });
}

function stateOf(pem: string, now: number): string | undefined {
  let end: number;
  try {
    end = new X509Certificate(pem).validToDate.getTime();
  } catch {
    return 'cannot be parsed';
  }
  const days = Math.floor((end - now) / DAY);
  if (end <= now) return `expired ${inDays(Math.floor((now - end) / DAY))} ago`;
  return days > SOON ? undefined : `expires in ${inDays(days)}`;
}

function inDays(days: number): string {
  if (days === 0) return 'less than a day';
  return days === 1 ? '1 day' : `${days} days`;
}
