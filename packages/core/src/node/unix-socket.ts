import { lstatSync, type Stats, unlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { isMainThread } from 'node:worker_threads'
import { codeOf } from '../errors.ts'

/**
 * Removes the socket file at `path` if nobody listens on it, as one that a killed program leaves behind:
 * a probing connection is refused. Anything else stays, and will be in the way of whoever listens there:
 * a socket that answers, one that may not be asked, a path that is no socket.
 *
 * Of two programs that do this at the same instant the later may remove the socket of the earlier,
 * which it made after the probe: let one supervisor start them, or give each a path of its own.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const probed = socketAt(path)
  if (probed === undefined || (await probe(path)) !== 'ECONNREFUSED') return
  // Somebody else may have put a new one there while the old was probed.
  if (isSame(probed, socketAt(path))) unlinkSync(path)
}

/** Whether a path names a pipe of Windows, which is no file and goes with its program. */
export function isNamedPipe(path: string, platform: NodeJS.Platform = process.platform): boolean {
  return platform === 'win32' && /^[\\/]{2}[.?][\\/]pipe[\\/]/i.test(path)
}

function socketAt(path: string): Stats | undefined {
  if (isNamedPipe(path)) return undefined
  try {
    const found = lstatSync(path)
    return found.isSocket() ? found : undefined
  } catch {
    // What cannot even be looked at is for `listen` to report.
    return undefined
  }
}

function isSame(before: Stats, now: Stats | undefined): boolean {
  return (
    now !== undefined && now.ino === before.ino && now.dev === before.dev && now.ctimeMs === before.ctimeMs
  )
}

/** What a connection to `path` meets: the system's code, or undefined when it is accepted. */
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
 * Calls `create`, under which the file of a socket comes to be for this user alone, until it gets its
 * mode: there is no instant in which others could connect.
 *
 * The umask is the whole process's: a file that another thread makes at this instant is private too.
 * A worker thread may not set it; there the file has what the umask leaves until it gets its mode.
 */
export function creatingPrivately(create: () => void): void {
  if (!isMainThread) return create()
  const before = process.umask(0o077)
  try {
    create()
  } finally {
    process.umask(before)
  }
}

/**
 * A path that every system takes for a socket as it is. Some versions of Node cut a longer one, and two names become one.
 *
 * @throws {Error} with the code `ENAMETOOLONG`.
 */
export function assertUnixPath(path: string, platform: NodeJS.Platform = process.platform): void {
  const mostBytes = platform === 'linux' ? LINUX_BYTES : OTHER_BYTES
  const bytes = Buffer.byteLength(path)
  if (platform === 'win32' || bytes <= mostBytes) return
  const why = `the path of a UNIX socket has at most ${mostBytes} bytes, and this one ${bytes}`
  throw Object.assign(new Error(why), { code: 'ENAMETOOLONG' })
}

/** What `sockaddr_un` holds, without the 0 at its end. */
const LINUX_BYTES = 107
const OTHER_BYTES = 103
