/** Limits on what a pod may request. */

/** Bytes of the plan's text, which is passed in one environment variable. */
export const MAX_PLAN_BYTES = 96 * 1024;
/** Variables, files and whole secrets of a pod. */
export const MAX_REFERENCES = 500;
/** Bytes of the largest secret in Secrets Manager. */
export const MAX_SECRET_BYTES = 65_536;
/** How many times larger a secret in another format may be: escapes and indentation make it grow. */
export const FORMAT_REPRESENTATIONS = 4;
/** Bytes of memory of all views of a pod. */
export const MAX_VOLUME_BYTES = 512 * 2 ** 20;
/** Different sets of secrets in a pod. The guard policy lists them one by one, because CEL has no loop over numbers. */
export const MAX_VIEWS = 16;
/** Actions of the annotation `on-change`. */
export const MAX_CHANGE_ACTIONS = 8;
