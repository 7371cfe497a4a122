/** Decodes base64 values. */
import { SecretValue } from './secret-value.ts';

/**
 * Decodes base64 by RFC 4648 section 4: standard alphabet, complete padding, unused bits zero. Line breaks and blanks are
 * allowed anywhere. The URL alphabet is rejected, because decoders treat it in different ways. Padding is required, because
 * only the padding shows that a text is truncated.
 * @returns the bytes, or undefined for any other text
 */
export function decodeBase64(value: SecretValue): SecretValue | undefined {
  const text = value.revealText()?.replace(/[ \t\r\n]+/g, '');
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  // No encoder writes text with unused bits set, and some decoders reject it.
  if (/[^AQgw]==$|[^AEIMQUYcgkosw048=]=$/.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return new SecretValue(bytes);
}
