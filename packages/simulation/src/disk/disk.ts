/**
 * The disk of a machine, as a program uses it.
 *
 * A path names a file from the root: `log` is the same as `/log`. Folders are made when a file needs them, and are
 * never lost. Operations that are not awaited may overtake each other, as in Node's thread pool.
 *
 * What a program has written is safe from the end of the program, and from a power failure after an `fsync` only.
 * Errors are those of Node's `fs`, with `code`, `syscall` and `path`.
 */
export interface Disk {
  /**
   * Writes a file: without `at`, this is its whole new content, and the file is first emptied; with `at`, the bytes
   * from there on are overwritten. A file that does not exist is created.
   *
   * The data is copied. When the disk is full, the part for which there is room is written.
   *
   * @throws {Error} (rejects) ENOSPC when the disk is full, EISDIR when the path is a folder, ENOTDIR when a part of
   * it is a file.
   */
  write(path: string, data: Uint8Array | string, options?: DiskWriteOptions): Promise<void>

  /** Writes data at the end of a file. Otherwise like `write`. */
  append(path: string, data: Uint8Array | string): Promise<void>

  /** Resolves with a copy of a file's content. @throws {Error} (rejects) ENOENT when there is no such file. */
  read(path: string): Promise<Buffer>

  /** Sets the length of a file. New bytes are 0. @throws {Error} (rejects) ENOENT, or ENOSPC when the disk is full. */
  truncate(path: string, length: number): Promise<void>

  /**
   * Renames a file. A file that has the name `to` is replaced in one step: at every time, `to` is the old file or
   * the new one.
   *
   * @throws {Error} (rejects) ENOENT when there is no such file.
   */
  rename(from: string, to: string): Promise<void>

  /** Removes a file. @throws {Error} (rejects) ENOENT when there is no such file. */
  remove(path: string): Promise<void>

  /**
   * Resolves with the names of the files and folders in a folder, sorted.
   *
   * @throws {Error} (rejects) ENOENT when no file has ever been in this folder, ENOTDIR when it is a file.
   */
  list(folder: string): Promise<readonly string[]>

  /**
   * Makes changes durable: of a file, the content that it had when the operation began; of a folder, the names in
   * it. The path of a folder is that of the files in it, without their names.
   *
   * @throws {Error} (rejects) ENOENT when there is no such file or folder, EIO when the disk fails. After an EIO of a
   * file, some of its changes may be durable, and a further `fsync` does not write them again, as on Linux: the file
   * has to be written anew.
   */
  fsync(path: string): Promise<void>
}

/** The options of `Disk.write`. */
export interface DiskWriteOptions {
  /** The place in the file from which bytes are overwritten. A gap before it is filled with 0. */
  readonly at?: number | undefined
}
