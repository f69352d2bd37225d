import type zlib from 'node:zlib'

/** Returns Node's zlib. It is loaded at the first call, because many programs leave codings to a proxy. */
export function nodeZlib(): typeof zlib {
  // oxlint-disable-next-line no-restricted-globals -- an import, not the state of the process
  return process.getBuiltinModule('node:zlib')
}
