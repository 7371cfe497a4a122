/** Limits on what a pod may ask for. */

/** Bytes of the plan's text, which travels in one environment variable. */
export const MAX_PLAN_BYTES = 96 * 1024;
/** Variables, files and whole secrets that a pod asks for. */
export const MAX_REFERENCES = 500;
/** Bytes of the largest secret, by Secrets Manager's limit. */
export const MAX_SECRET_BYTES = 65_536;
/** A secret in another format is at most so many times as large: escapes and indentation grow it. */
export const FORMAT_REPRESENTATIONS = 4;
/** Bytes of memory that all views of a pod take together. */
export const MAX_VOLUME_BYTES = 512 * 2 ** 20;
/** Different sets of secrets in a pod. The guard policy counts them one by one: CEL has no loop over numbers. */
export const MAX_VIEWS = 16;
