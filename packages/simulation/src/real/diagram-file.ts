import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

/**
 * Writes a diagram into a folder that version control ignores.
 *
 * @param folder Is made when it does not exist.
 * @param name The name of the file, without `.svg`. Characters that are not safe in a path are replaced.
 * @returns the path, from the current directory; or why it could not be written.
 */
export async function writeDiagram(folder: string, name: string, svg: string): Promise<string> {
  const path = join(folder, `${name.replaceAll(/[^\w-]+/g, '-')}.svg`)
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, '.gitignore'), '*\n')
    await writeFile(path, svg)
  } catch (error) {
    return `not written: ${error instanceof Error ? error.message : String(error)}`
  }
  return relative(process.cwd(), path)
}
