/**
 * An element of SVG, in one line.
 *
 * @param content Text is escaped; elements are not.
 */
export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  content: Text | readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? rounded(value) : escaped(value)}"`)
    .join('')
  const inner = 'text' in content ? escaped(content.text) : content.join('')
  return inner === '' ? `<${name}${written}/>` : `<${name}${written}>${inner}</${name}>`
}

/** Text as the content of an element. */
interface Text {
  readonly text: string
}

/** The text at a place; `anchor` is what of the text is there. */
export function label(
  text: string,
  x: number,
  y: number,
  attributes: Readonly<Record<string, string>> = {},
): string {
  return element('text', { x, y, ...attributes }, { text })
}

/**
 * A whole drawing. Its colours follow the reader's choice of light or dark, and it has a background of its own, because
 * a page may have chosen the other one.
 *
 * @param title What the drawing shows, which is also for readers that do not see it.
 */
export function drawing(title: string, width: number, height: number, elements: readonly string[]): string {
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
  }
  const lines = [
    element('title', {}, { text: title }),
    `<style>${STYLE}</style>`,
    element('rect', { class: 'paper', width, height, rx: 6 }),
    label(title, MARGIN, TITLE_Y, { class: 'title' }),
    ...elements,
  ]
  return `${element('svg', root, [`\n${lines.join('\n')}\n`])}\n`
}

/** Two digits after the point are finer than a pixel, and the same on all machines. */
function rounded(value: number): string {
  return String(Number(value.toFixed(2)))
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** The colours of servers, whose numbers `legend.ts` has. */
const COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ['#0b5fcc', '#62a8ff'],
  ['#b4500a', '#ff9f52'],
  ['#23803a', '#62cf7d'],
  ['#7b3fd0', '#c4a1ff'],
  ['#0b7285', '#57c7da'],
  ['#a61e4d', '#ff8fb1'],
  ['#806600', '#d9bd4a'],
  ['#5c5f66', '#b4b8c0'],
]

const rules = (shade: 0 | 1): string =>
  COLOURS.map((colour, at) => `.c${at}{fill:${colour[shade]}}.l${at}{stroke:${colour[shade]}}`).join('')
const STYLE = [
  'text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}.small{font-size:12px}',
  '.paper{fill:#ffffff}.grid{stroke:#d8dee4}.axis{stroke:#57606a}.line{fill:none;stroke-width:2}',
  rules(0),
  '@media (prefers-color-scheme:dark){text{fill:#e6edf3}.paper{fill:#0d1117}.grid{stroke:#30363d}.axis{stroke:#8b949e}',
  rules(1),
  '}',
].join('')

/** The space at the left and the right of everything. */
export const MARGIN = 16
const TITLE_Y = 28
