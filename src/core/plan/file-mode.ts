/** Permissions of files, as annotations and the plan write them. */

/** Permission bits in octal, as text: YAML 1.2 reads the number 0440 as a decimal. */
export type FileMode = string;

/** Four octal digits that let the owner, which is the fetcher, read the file. */
export const FILE_MODE = /^0[4-7][0-7]{2}$/;

export const FILE_MODE_EXPECTED =
  'use four octal digits in quotes, such as "0444", that let the owner read the file';
