/** `decode: base64`: the bytes behind a text. */
import { SecretValue } from './secret-value.ts';

/**
 * Decodes base64 as RFC 4648 section 4 has it: standard alphabet, complete padding, unused bits zero. Line breaks and
 * blanks may stand anywhere. The URL alphabet is refused: decoders differ in whether they read, skip or refuse it, and
 * a text that lost its end shows only in the padding.
 * @returns the bytes; undefined if it is anything else
 */
export function decodeBase64(value: SecretValue): SecretValue | undefined {
  const text = value.revealText()?.replace(/[ \t\r\n]+/g, '');
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  // With unused bits set it is not what an encoder wrote, and some decoders refuse it.
  if (/[^AQgw]==$|[^AEIMQUYcgkosw048=]=$/.test(text)) return undefined;
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return new SecretValue(bytes);
}
