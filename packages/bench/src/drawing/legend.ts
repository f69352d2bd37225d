import { element, label, MARGIN } from './svg.ts'

/** The number of the colour of a server: the same one in every drawing. */
export function colourOf(server: string): number {
  const at = COLOURED.findIndex((names) => names.includes(server))
  return at === -1 ? COLOURED.length : at
}

/** A mark of the server's colour and shape, so that lines differ without colours too. */
export function mark(server: string, x: number, y: number): string {
  const colour = colourOf(server)
  const [path] = SHAPES[colour % SHAPES.length] ?? SHAPES[0]
  return element('path', {
    class: `c${colour}`,
    d: path,
    transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
  })
}

/** The names of servers with their marks, in one row. */
export function legend(servers: readonly string[], y: number): string {
  let x = MARGIN + 6
  const entries: string[] = []
  for (const server of servers) {
    entries.push(mark(server, x, y - 4), label(server, x + 11, y))
    x += 34 + server.length * CHARACTER
  }
  return entries.join('')
}

/** About the width of a character of text. */
export const CHARACTER = 7.2
/** Servers that never stand in one drawing share a colour. */
const COLOURED: readonly (readonly string[])[] = [
  ['Ropewalk', 'Ropewalk, Topics'],
  ['node:net', '@fastify/static'],
  ['node:http', 'Ropewalk, a loop', 'nginx', 'node:net, heap kept', 'ws, same settings'],
  ['Fastify', 'ws'],
  ['Hono', 'Autobahn'],
  ['Bun'],
  ['Twisted'],
]
const SHAPES: readonly [readonly [string], ...(readonly [string])[]] = [
  ['M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z'],
  ['M-4 -4h8v8h-8z'],
  ['M0 -5.5L5 4h-10z'],
  ['M0 -5.5L5 0L0 5.5L-5 0z'],
  ['M-5 -4h10L0 5.5z'],
  ['M-1.5 -5h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z'],
  ['M-5 -2h10v4h-10z'],
  ['M-4.5 -4.5h9L-4.5 4.5z'],
]
