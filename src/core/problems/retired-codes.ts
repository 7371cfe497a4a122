/** Codes that no release uses any more. They keep their old meaning for logs and alerts, so none is ever reused. */
export const RETIRED_CODES: readonly string[] = ['ANNOTATION_UNAVAILABLE'];
