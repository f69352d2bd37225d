/**
 * Whether decoded path segments are names of files that may be served.
 *
 * A name is refused when it has a slash, a backslash or a NUL, or begins with a dot. An empty segment is accepted at the
 * end, as the trailing slash of a directory.
 *
 * @param dotfiles Names with a dot at the beginning that are accepted.
 */
export function isServable(segments: readonly string[], dotfiles: readonly string[]): boolean {
  const last = segments.length - 1
  return segments.every((segment, at) => (segment === '' ? at === last : isServableName(segment, dotfiles)))
}

/** Whether one name may be served, and be listed. */
export function isServableName(name: string, dotfiles: readonly string[]): boolean {
  return !UNSERVABLE.test(name) && (!name.startsWith('.') || dotfiles.includes(name))
}

/** Separators, NUL, and half of a character, which cannot be percent-encoded. */
const UNSERVABLE = /[/\\\0]|\p{Surrogate}/u
