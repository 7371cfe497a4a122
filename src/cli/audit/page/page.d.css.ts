/** Files that the bundle contains as text. */
declare const text: string;

export { text as default };
