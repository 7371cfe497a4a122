/**
 * The only platform API that the core uses, with the same meaning in Node, browsers and workers. It is declared
 * here because the core is compiled without any ambient types.
 */
declare class TextEncoder {
  encode(input: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input: Uint8Array): string;
}
