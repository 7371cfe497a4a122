declare module 'postject' {
  /** Puts a blob as a named note into an executable file, in place. */
  export function inject(
    file: string,
    name: string,
    content: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
