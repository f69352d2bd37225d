import { reasonPhrase } from '../message/status.ts'

/**
 * A small HTML page for an error status. `detail` is escaped, and left out where it is the reason phrase, which the
 * title has; nothing of the request is in it.
 */
export function errorBody(code: number, detail: string = ''): string {
  const phrase = reasonPhrase(code)
  const title = `${code} ${escapeHTML(phrase)}`
  const paragraph = detail === '' || detail === phrase ? '' : `<p>${escapeHTML(detail)}</p>`
  return `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${paragraph}</body></html>\n`
}

/** Text made safe between tags and in quoted attributes. */
export function escapeHTML(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

const NEEDS_ESCAPE = /[&<>"']/
