import zlib from 'node:zlib'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/**
 * Makes the streams and functions of `node:zlib` on a host work in the thread of the program, because other threads
 * finish in no certain order.
 *
 * @param owner The property of a handle that has its stream.
 */
export function standInForZlib(owner: symbol): void {
  for (const name of CREATE) {
    const create: unknown = Reflect.get(zlib, name)
    if (typeof create !== 'function') continue
    const stream = Reflect.apply(create, zlib, []) as Compressing
    useThread(Object.getPrototypeOf(stream._handle) as object, owner)
    stream.destroy()
  }
}

function useThread(prototype: object, owner: symbol): void {
  replaceMethod(
    prototype,
    'init',
    (real) =>
      function (this: Handle, ...args: unknown[]) {
        const completed = args.find((arg) => typeof arg === 'function')
        if (completed !== undefined) COMPLETED.set(this, completed as () => void)
        return Reflect.apply(real, this, args)
      },
  )
  replaceMethod(
    prototype,
    'write',
    (real) =>
      function (this: Handle, ...args: unknown[]) {
        const completed = COMPLETED.get(this)
        if (nodeHost() === undefined || completed === undefined) return Reflect.apply(real, this, args)
        const isDestroyed = (): boolean =>
          (Reflect.get(this, owner) as Compressing | undefined)?.destroyed === true
        const wasDestroyed = isDestroyed()
        this.writeSync(...args)
        // Input that cannot be decompressed destroys the stream.
        if (wasDestroyed || !isDestroyed()) setImmediate(() => Reflect.apply(completed, this, []))
        return undefined
      },
  )
}

interface Handle {
  writeSync(...args: unknown[]): void
}

interface Compressing {
  readonly _handle: Handle
  readonly destroyed: boolean
  destroy(): void
}

/** Node's callback for the completed writes of a handle. */
const COMPLETED = new WeakMap<Handle, () => void>()
/** One for each kind of handle. Earlier versions of Node lack the last two. */
const CREATE = [
  'createGzip',
  'createBrotliCompress',
  'createBrotliDecompress',
  'createZstdCompress',
  'createZstdDecompress',
]
