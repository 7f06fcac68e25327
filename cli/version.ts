/** The version of the command, which is the version of the package. */
export const VERSION = '0.1.0';
