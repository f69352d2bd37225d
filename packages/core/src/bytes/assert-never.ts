/**
 * Ends a switch over a union, so that a forgotten variant does not compile.
 *
 * @throws {Error} when it is reached at run time.
 */
export function assertNever(value: never): never {
  throw new Error(`Cannot handle ${JSON.stringify(value)}`)
}
