import { isServableName } from './file-names.ts'
import type { FileOptions } from './file-options.ts'
import type { ListedDirectory, ListedEntry } from './listing-page.ts'
import { mediaTypeOf } from './media-type.ts'
import { type FoundFile, isForbidden, refuse, type ServedRoot } from './open-inside.ts'

/**
 * Reads what a listing of an open directory shows. Entries that a request would not find are left out.
 *
 * @param path The path below the served root.
 */
export async function readListing(
  root: ServedRoot,
  { file }: FoundFile,
  path: string,
  options: FileOptions,
): Promise<ListedDirectory> {
  const { fileSystem, maxListedNames } = options
  const [names, real] = await Promise.all([file.readdir(maxListedNames + 1), file.realpath()])
  const entries: ListedEntry[] = []
  const shown = names.slice(0, maxListedNames).filter((name) => isServableName(name, options.dotfiles))
  for (let at = 0; at < shown.length; at += AT_ONCE) {
    const reading = shown
      .slice(at, at + AT_ONCE)
      .map((name) => readEntry(root, `${real}${fileSystem.separator}${name}`, name, options))
    for (const entry of await Promise.all(reading)) if (entry !== undefined) entries.push(entry)
  }
  return { path, entries: entries.toSorted(inOrder), cut: names.length > maxListedNames }
}

/** @returns undefined for an entry that is gone, leads out of the root, or is neither a file nor a directory. */
async function readEntry(
  root: ServedRoot,
  path: string,
  name: string,
  { fileSystem, contentTypes, defaultType }: FileOptions,
): Promise<ListedEntry | undefined> {
  try {
    const real = await fileSystem.realpath(path)
    if (!(await root.contains(real))) return undefined
    const { kind, bytes, modifiedMs } = await fileSystem.stat(real)
    if (kind === 'other') return undefined
    const isDirectory = kind === 'directory'
    const type = isDirectory ? undefined : (mediaTypeOf(name, contentTypes) ?? defaultType)
    return { name, isDirectory, type, bytes, modifiedMs }
  } catch (error) {
    if (!isForbidden(error)) refuse(error)
    return undefined
  }
}

function inOrder(one: ListedEntry, other: ListedEntry): number {
  if (one.isDirectory !== other.isDirectory) return one.isDirectory ? -1 : 1
  return one.name < other.name ? -1 : 1
}

/** Entries whose facts are read at the same time. */
const AT_ONCE = 16
