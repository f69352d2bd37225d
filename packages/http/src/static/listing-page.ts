import { formatDate } from '../message/date.ts'
import { html, type HTML } from '../site/html.ts'

/** What a listing shows. */
export interface ListedDirectory {
  /** The path below the served root, decoded: `/`, `/sub/`. */
  readonly path: string
  /** Directories first, then by name. Files that are not served, such as `.git`, are left out. */
  readonly entries: readonly ListedEntry[]
  /** Whether the directory has more than `maxListedNames` names, of which only some are listed. */
  readonly cut: boolean
}

/** One file or directory of a listing. */
export interface ListedEntry {
  readonly name: string
  readonly isDirectory: boolean
  /** The media type of a file; undefined for a directory. */
  readonly type: string | undefined
  readonly bytes: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
}

/** Makes the page of a directory, unless `directoryListing` is another template. */
export function listingPage({ path, entries, cut }: ListedDirectory): HTML {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${path}</title>
      </head>
      <body>
        <h1>${path}</h1>
        <table>
          <thead>
            <tr>
              <th>Name</th>
              <th>Size</th>
              <th>Type</th>
              <th>Modified</th>
            </tr>
          </thead>
          <tbody>
            ${path === '/' ? '' : PARENT_ROW}${entries.map(entryRow)}
          </tbody>
        </table>
        ${cut ? html`<p>Only ${entries.length} names are listed.</p>` : ''}
      </body>
    </html> `
}

function entryRow({ name, isDirectory, type, bytes, modifiedMs }: ListedEntry): HTML {
  const link = isDirectory ? html`<a href="./${name}/">${name}/</a>` : html`<a href="./${name}">${name}</a>`
  const size = isDirectory ? '' : shownSize(bytes)
  const modified = formatDate(modifiedMs)
  return html`<tr>
    <td>${link}</td>
    <td>${size}</td>
    <td>${type ?? ''}</td>
    <td>${modified}</td>
  </tr> `
}

/** Returns a size with a unit, in at most four digits: `812 B`, `1.4 MiB`. */
function shownSize(bytes: number): string {
  let size = bytes
  let unit = 0
  for (; size >= 1000 && unit < UNITS.length - 1; unit++) size /= 1024
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`
}

const PARENT_ROW = html`<tr>
  <td><a href="../">../</a></td>
</tr> `
const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
