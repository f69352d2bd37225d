import type { Stats } from 'node:fs'
import { connect } from 'node:net'
import { codeOf } from '../errors.ts'

/**
 * Removes the socket file at `path` if no program listens on it: a killed program leaves such a file, and a
 * connection to it is refused. Everything else stays, and makes a later `listen` fail: a socket that accepts,
 * a socket that this process may not connect to, a path that is not a socket.
 *
 * When two programs do this at the same time, the later one may remove the socket that the earlier one
 * created after the probe. Let one supervisor start them, or give each a path of its own.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const probed = socketAt(path)
  if (probed === undefined || (await probe(path)) !== 'ECONNREFUSED') return
  // Another program may have created a new socket there during the probe.
  if (isSame(probed, socketAt(path))) process.getBuiltinModule('node:fs').unlinkSync(path)
}

/** Whether a path names a Windows pipe, which is not a file and vanishes with its program. */
export function isNamedPipe(path: string, platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'win32' && /^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(path)
}

function socketAt(path: string): Stats | undefined {
  if (isNamedPipe(path)) return undefined
  try {
    const found = process.getBuiltinModule('node:fs').lstatSync(path)
    return found.isSocket() ? found : undefined
  } catch {
    // `listen` reports the error.
    return undefined
  }
}

function isSame(before: Stats, now: Stats | undefined): boolean {
  return (
    now !== undefined && now.ino === before.ino && now.dev === before.dev && now.ctimeMs === before.ctimeMs
  )
}

/** Connects to `path`; resolves with the error's code, or undefined when the connection is accepted. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', (error) => resolve(codeOf(error)))
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}

/**
 * Calls `create` with a umask that makes the file of a socket accessible to this user alone. Others cannot
 * connect before the file gets its mode.
 *
 * The umask applies to the whole process: a file that another thread creates at the same time is private too.
 * A worker thread may not set it; there the file has the normal permissions until it gets its mode.
 */
export function creatingPrivately(create: () => void): void {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return create()
  const before = process.umask(0o077)
  try {
    create()
  } finally {
    process.umask(before)
  }
}

/**
 * Checks that the system accepts `path` uncut for a socket. Some versions of Node cut a longer one, so that
 * two paths could become the same.
 *
 * @throws {Error} with the code `ENAMETOOLONG` when the path is too long.
 */
export function assertUnixPath(path: string, platform: NodeJS.Platform = process.platform): void {
  const mostBytes = platform === 'linux' ? LINUX_BYTES : OTHER_BYTES
  const bytes = Buffer.byteLength(path)
  if (platform === 'win32' || bytes <= mostBytes) return
  const why = `the path of a UNIX socket may have at most ${mostBytes} bytes, but this one has ${bytes}`
  throw Object.assign(new Error(why), { code: 'ENAMETOOLONG' })
}

/** The size of `sun_path` in `sockaddr_un`, without the NUL at its end. */
const LINUX_BYTES = 107
const OTHER_BYTES = 103
