import type { Source, Stretch } from './source.ts'

/** Whether a docstring stands directly before the node; only line comments, as linters read, may be between. */
export function hasDocstring(source: Source, node: Pick<Stretch, 'start'>): boolean {
  const docstring = source.comments.findLast(
    ({ type, value, end }) => type === 'Block' && value.startsWith('*') && end <= node.start,
  )
  if (docstring === undefined) return false
  const between = source.text.slice(docstring.end, node.start)
  return between.replaceAll(/\/\/.*$/gm, '').trim() === ''
}
