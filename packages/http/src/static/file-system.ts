/**
 * The part of a file system that serves files. Every method is asynchronous, and rejects with an error that has the
 * `code` of the operating system, such as `ENOENT`. `nodeFileSystem` is the real one; a test may give its own.
 */
export interface FileSystem {
  /** What is between two segments of a path that `realpath` returns. */
  readonly separator: string
  /**
   * Opens a file or directory for reading. It does not wait for the other end of a FIFO, and a terminal does not
   * become the terminal of the process.
   */
  open(path: string): Promise<OpenFile>
  /** Returns the absolute path of a file, without symbolic links. */
  realpath(path: string): Promise<string>
  /** Returns the facts about a file. Symbolic links are followed. */
  stat(path: string): Promise<FileFacts>
}

/** A file or directory that was opened. The caller closes it, once, and not while another call is pending. */
export interface OpenFile {
  /** Returns the facts about this file, even if its path leads to another one now. */
  stat(): Promise<FileFacts>
  /** Returns the absolute path of this file, without symbolic links. It rejects when the path leads to another file. */
  realpath(): Promise<string>
  /**
   * Reads bytes from `position` into `into`.
   *
   * @returns how many bytes were read; 0 at the end of the file.
   */
  read(into: Uint8Array, position: number): Promise<number>
  /** Returns the names in this directory, in any order, at most `most` of them. */
  readdir(most: number): Promise<readonly string[]>
  /** Releases the descriptor. */
  close(): Promise<void>
}

/** What is known of a file. */
export interface FileFacts {
  /** `other` is a device, a FIFO or a socket. */
  readonly kind: 'file' | 'directory' | 'other'
  readonly bytes: number
  /** When the content was last changed, in milliseconds since 1970, with fractions. */
  readonly modifiedMs: number
  /** When the content, the name or the permissions were last changed, as `modifiedMs`. */
  readonly changedMs: number
  /** The number of the file in its device. */
  readonly inode: number
  readonly device: number
}
