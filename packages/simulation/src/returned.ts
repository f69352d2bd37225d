import { isThenable } from '@ropewalk/core/reactor'

/**
 * What to wait for when a program or a call of a test has returned `value`.
 *
 * @returns a promise for anything that `await` would wait for; all else as it is.
 * @throws {TypeError} for a generator, because its body would never run.
 */
export function waitedFor(value: unknown): unknown {
  if (GENERATORS.has(Object.prototype.toString.call(value)))
    throw new TypeError('it returned a generator, whose body does not run: use an async function')
  return isThenable(value) ? Promise.resolve(value) : value
}

const GENERATORS: ReadonlySet<string> = new Set(['[object Generator]', '[object AsyncGenerator]'])
