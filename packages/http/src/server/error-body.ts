import { reasonPhrase } from '../message/status.ts'

/** A small HTML page for an error status. `detail` is escaped; nothing of the request is in it. */
export function errorBody(code: number, detail?: string): string {
  const title = escapeHTML(`${code} ${reasonPhrase(code)}`)
  const paragraph = detail === undefined || detail === '' ? '' : `<p>${escapeHTML(detail)}</p>`
  return `<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1>${paragraph}</body></html>\n`
}

/** Text made safe between tags and in quoted attributes. */
export function escapeHTML(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
