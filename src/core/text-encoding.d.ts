/**
 * The only platform APIs that the core uses, with the same meaning in Node, browsers and workers. They are declared
 * here because the core is compiled without any ambient types.
 */
declare class TextEncoder {
  encode(input: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input: Uint8Array): string;
}
/** Throws on text that is not base64. */
declare function atob(data: string): string;
