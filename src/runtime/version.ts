/** The version that the build wrote into the bundle; `dev` when the sources run unbundled. */
declare const __VERSION__: string | undefined;

export const VERSION: string = typeof __VERSION__ === 'string' ? __VERSION__ : 'dev';
