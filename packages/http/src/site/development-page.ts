import { statusOf } from '../errors.ts'
import { reasonPhrase } from '../message/status.ts'
import { escapeHTML } from '../response/error-response.ts'
import type { Request } from '../server/request.ts'

/**
 * Makes the page that shows a developer why a request failed: the error, its stack and its causes, and the
 * request. Everything in it is escaped. Credentials of the request are left out.
 */
export function developmentPage(error: unknown, request: Request | undefined): string {
  const status = statusOf(error)
  const title = escapeHTML(`${status} ${reasonPhrase(status)}`)
  const errors = chainOf(error).map(errorSection)
  const asked = request === undefined ? '' : requestSection(request)
  return `<!doctype html><html><head><meta charset="utf-8"><title>${title}</title><style>${STYLE}</style></head>
<body><h1>${title}</h1>
${errors.join('')}${asked}<p class="far">Only displayTracebacks shows this page. Turn it off where others reach the server.</p>
</body></html>
`
}

/** The error and its causes; at most ten, because causes may form a cycle. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [error]
  for (let last = error; last instanceof Error && last.cause !== undefined && chain.length < 10;) {
    last = last.cause
    chain.push(last)
  }
  return chain
}

function errorSection(error: unknown, at: number): string {
  const [first = '', ...frames] = linesOf(error)
  const lines = frames.map((frame) => `<li${FAR.test(frame) ? ' class="far"' : ''}>${escapeHTML(frame)}</li>`)
  const heading = at === 0 ? '' : 'Caused by: '
  return `<h2>${heading}${escapeHTML(first)}</h2>\n<ol>${lines.join('\n')}</ol>\n`
}

function linesOf(error: unknown): readonly string[] {
  const text = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
  return text
    .slice(0, MOST_CHARACTERS)
    .split('\n')
    .map((line) => line.trim())
}

function requestSection(request: Request): string {
  const rows = Array.from(request.requestHeaders, ([name, value]) => {
    const shown = SECRET.test(name) ? '(left out)' : value
    return `<tr><th>${escapeHTML(name)}</th><td>${escapeHTML(shown)}</td></tr>`
  })
  const line = escapeHTML(`${request.method} ${request.uri} ${request.clientproto}`)
  return `<h2>${line}</h2>\n<table>${rows.join('\n')}</table>\n`
}

const MOST_CHARACTERS = 20_000
/** Lines of a stack outside of the program. */
const FAR = /node:|node_modules/
const SECRET = /^(?:cookie|authorization|proxy-authorization)$/i
const STYLE =
  'body{font:16px sans-serif;margin:2em}h2{font:bold 16px monospace;white-space:pre-wrap}ol,table{font:14px monospace;text-align:left}.far{color:#888}td{word-break:break-all}th{padding-right:1em;vertical-align:top}'
