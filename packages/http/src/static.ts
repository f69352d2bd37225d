/**
 * Files and directories as resources.
 *
 * @module
 */
export { Data } from './static/data.ts'
export type { ListedDirectory, ListedEntry } from './static/listing-page.ts'
export type { FileOptions, ListingTemplate, Precompressed } from './static/file-options.ts'
export type { FileFacts, FileSystem, OpenFile } from './static/file-system.ts'
export { File } from './static/file.ts'
export { HTML, html, type HTMLValue } from './site/html.ts'
export type { ContentTypes } from './static/media-type.ts'
export { nodeFileSystem } from './static/node-file-system.ts'
export { Redirect, redirectTo } from './static/redirect.ts'
