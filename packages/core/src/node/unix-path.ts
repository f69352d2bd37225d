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
