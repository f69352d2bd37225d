import type { SimulatedHost } from '../host/simulated-host.ts'
import { runningHost } from '../run-loop.ts'

const HOSTS = new WeakSet<SimulatedHost>()

/** From now on, code of this host gets the simulated Node. */
export function adoptHost(host: SimulatedHost): void {
  HOSTS.add(host)
}

/** Whether code of this host gets the simulated Node. */
export function isNodeHost(host: SimulatedHost): boolean {
  return HOSTS.has(host)
}

/** The host whose code runs now, if it gets the simulated Node. All other code gets the real one. */
export function nodeHost(): SimulatedHost | undefined {
  const host = runningHost()
  return host !== undefined && HOSTS.has(host) ? host : undefined
}

/** Replaces a method. `make` gets the real one. */
export function replaceMethod(
  of: object,
  name: string | symbol,
  make: (real: (...args: unknown[]) => unknown) => (this: never, ...args: never[]) => unknown,
): void {
  const own = Object.getOwnPropertyDescriptor(of, name)
  const real: unknown = Reflect.get(of, name)
  if (typeof real !== 'function') return
  const value = make(real as (...args: unknown[]) => unknown)
  const { name: shown, length } = real
  Object.defineProperties(value, { name: { value: shown }, length: { value: length } })
  // `util.promisify` and the like look for properties of the function.
  for (const key of Object.getOwnPropertySymbols(real)) Reflect.set(value, key, Reflect.get(real, key))
  Object.defineProperty(of, name, {
    value,
    configurable: true,
    writable: true,
    enumerable: own?.enumerable ?? true,
  })
}
