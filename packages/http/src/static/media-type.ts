import mime from 'mime'

/** Media types by the extension of a file name, in lower case and with its dot: `{ '.foo': 'text/x-foo' }`. */
export type ContentTypes = Readonly<Record<string, string>>

/**
 * Returns the media type of a file by the extension of its name, without a charset.
 *
 * @param own Types that come before those of the table.
 * @returns undefined for a name without an extension, or with an unknown one.
 */
export function mediaTypeOf(name: string, own: ContentTypes): string | undefined {
  const extension = extensionOf(name)
  if (extension === '') return undefined
  if (Object.hasOwn(own, extension)) return own[extension]
  return EXTRA_TYPES.get(extension) ?? mime.getType(extension) ?? undefined
}

/** Adds a charset to a type of text that has no parameters, unless `charset` is empty. */
export function withCharset(type: string, charset: string): string {
  return charset !== '' && type.startsWith('text/') && !type.includes(';')
    ? `${type}; charset=${charset}`
    : type
}

/**
 * Returns the last extension of a file name, in lower case and with its dot; '' when there is none. The dot at the
 * beginning of a hidden file's name begins no extension.
 */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot > 0 ? name.slice(dot).toLowerCase() : ''
}

/** Extensions that the table lacks. */
const EXTRA_TYPES: ReadonlyMap<string, string> = new Map([['.tgz', 'application/gzip']])
