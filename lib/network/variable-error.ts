/** The error of the variables of the network. */

/** A variable that cannot be used: it names no proxy, or no file of authorities. */
export class VariableError extends Error {
  override readonly name = 'VariableError';
}
