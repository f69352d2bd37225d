import type { Disk } from '../../src/index.ts'

/** Lines in a file. A line that `append` has added survives a power failure. */
export class DurableLog {
  /** The durable lines. */
  readonly lines: string[]
  readonly #disk: Disk
  readonly #path: string
  #added: Promise<unknown> = Promise.resolve()

  private constructor(disk: Disk, path: string, lines: string[]) {
    this.#disk = disk
    this.#path = path
    this.lines = lines
  }

  /** Opens a log. The beginning of a line, which a power failure has left, is removed. */
  static async open(disk: Disk, path: string): Promise<DurableLog> {
    await disk.append(path, '')
    const content = String(await disk.read(path))
    const wholeBytes = content.lastIndexOf('\n') + 1
    if (content.length > wholeBytes) await disk.truncate(path, wholeBytes)
    // Lines of a program that was killed may not be durable yet.
    await disk.fsync(path)
    await disk.fsync('/')
    return new DurableLog(disk, path, content.slice(0, wholeBytes).split('\n').slice(0, -1))
  }

  /** Adds a line. Resolves when it is durable. */
  append(line: string): Promise<void> {
    const adding = this.#added.then(() => this.#add(line))
    this.#added = adding
    return adding
  }

  async #add(line: string): Promise<void> {
    await this.#disk.append(this.#path, `${line}\n`)
    await this.#disk.fsync(this.#path)
    this.lines.push(line)
  }
}
