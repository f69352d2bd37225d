/** Makes an error of the disk, as Node's `fs` does. */
export function diskError(code: DiskErrorCode, syscall: string, path: string): Error {
  const message = `${code}: ${MESSAGES[code]}, ${syscall} '${path}'`
  return Object.assign(new Error(message), { code, syscall, path })
}

/** The codes of the errors of the disk. */
export type DiskErrorCode = 'ENOENT' | 'EISDIR' | 'ENOTDIR' | 'ENOSPC' | 'EIO'

const MESSAGES: Readonly<Record<DiskErrorCode, string>> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'illegal operation on a directory',
  ENOTDIR: 'not a directory',
  ENOSPC: 'no space left on device',
  EIO: 'i/o error',
}
