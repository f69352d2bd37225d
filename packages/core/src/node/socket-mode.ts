import { isMainThread } from 'node:worker_threads'

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
