import { createRequire } from 'node:module'

/**
 * Loads a CommonJS module and all that it requires anew, as a new process does. For libraries that keep state in
 * their modules, such as a cache of names: `import` gives all hosts and all runs of a process the same modules.
 *
 *     sim.node('client', () => {
 *       const mail = requireFresh('nodemailer', import.meta.url) as typeof Nodemailer
 *     })
 *
 * A module that the library requires later, when it runs, is shared.
 *
 * @param parent The URL of the module from which `specifier` is resolved.
 */
export function requireFresh(specifier: string, parent: string | URL): unknown {
  const require = createRequire(parent)
  const { cache } = require
  const before = Object.entries(cache)
  const clear = (): void => {
    for (const path of Object.keys(cache)) Reflect.deleteProperty(cache, path)
  }
  clear()
  try {
    return require(specifier) as unknown
  } finally {
    clear()
    for (const [path, module] of before) cache[path] = module
  }
}
