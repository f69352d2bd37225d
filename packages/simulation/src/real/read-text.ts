import { readFile } from 'node:fs/promises'

/** The text of a file. @throws {Error} (rejects) the system's. */
export function readText(path: string): Promise<string> {
  return readFile(path, 'utf8')
}
