/** The internal command of the executable that only ends with an exit code, for a program that cannot end itself. */
export const EXIT = 'exit-with';
