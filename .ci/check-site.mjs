// Checks docs/site, which `npm run docs` builds: links and anchors lead somewhere, pages load nothing from elsewhere, and
// the search finds what readers look for.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inflateSync } from 'node:zlib'

const lunr = createRequire(new URL('../docs/package.json', import.meta.url))('lunr')
const site = fileURLToPath(new URL('../docs/site', import.meta.url))
/** What a reader types, and a page that must be among the ten results that the page shows. */
const SEARCHES = [
  ['getChild', /^classes\/_ropewalk_http\.Resource\.html#getchild$/],
  ['LimitConnectionsByPeer', /^classes\/_ropewalk_core_policies\.LimitConnectionsByPeer\.html$/],
  ['drainMs', /#.*drainms$/],
  ['permessage-deflate', /^guide\/websocket-compression\.html$/],
  ['backpressure', /^guide\/backpressure\.html$/],
]
const ADDRESS = /(?:href|src)="([^"]*)"/g
/** A page loads these by itself; a link (`<a>`) is loaded when a reader follows it. */
const LOADED =
  /<(?:script|link|img|iframe|source|use|video|audio)\b[^>]*?(?:src|href)="(?:https?:)?\/\/[^"]*"/g
const LOADED_BY_STYLE = /(?:url\(\s*['"]?|@import\s+['"]?)(?:https?:)?\/\/[^)'"]*/g

const files = new Set(readdirSync(site, { recursive: true }).map((path) => path.replaceAll('\\', '/')))
// Source files that documents link to are shown as they are: what looks like a link there is text.
const pages = [...files].filter((path) => path.endsWith('.html') && !path.startsWith('media/'))
const contents = new Map(pages.map((path) => [path, readFileSync(join(site, path), 'utf8')]))
const anchors = new Map(
  Array.from(contents, ([path, html]) => [
    path,
    new Set(Array.from(html.matchAll(/ id="([^"]*)"/g), ([, id]) => id)),
  ]),
)
const faults = [...pages.flatMap(deadLinks), ...foreignContent(), ...failedSearches()]
if (faults.length === 0)
  console.log(
    `docs/site: ${pages.length} pages, all links lead somewhere, and the search finds what it must.`,
  )
else {
  console.error(faults.join('\n'))
  process.exitCode = 1
}

function deadLinks(page) {
  const links = new Set(Array.from(contents.get(page).matchAll(ADDRESS), ([, link]) => link))
  return [...links]
    .filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(page, link))
    .map((link) => `${page}: ${link} leads nowhere`)
}

function leadsSomewhere(page, link) {
  const [path, anchor = ''] = link.replaceAll('&amp;', '&').split('#').map(decodeURIComponent)
  const target =
    path === '' ? page : relative('.', join(dirname(page), path.replace(/\?.*/, ''))).replaceAll('\\', '/')
  if (!files.has(target)) return false
  return anchor === '' || !target.endsWith('.html') || anchors.get(target).has(anchor)
}

function foreignContent() {
  const styles = [...files].filter((path) => path.endsWith('.css'))
  return [
    ...pages.flatMap((path) => found(path, contents.get(path), LOADED)),
    ...styles.flatMap((path) => found(path, readFileSync(join(site, path), 'utf8'), LOADED_BY_STYLE)),
  ]
}

function found(path, text, pattern) {
  return Array.from(text.matchAll(pattern), ([load]) => `${path}: loads ${load}`)
}

function failedSearches() {
  const [, packed] = /^window\.searchData = "(.*)";$/.exec(
    readFileSync(join(site, 'assets/search.js'), 'utf8').trim(),
  )
  const { rows, index } = JSON.parse(inflateSync(Buffer.from(packed, 'base64')).toString())
  const loaded = lunr.Index.load(index)
  return SEARCHES.flatMap(([words, wanted]) => {
    const urls = resultsOf(words, loaded, rows)
    return urls.some((url) => wanted.test(url))
      ? []
      : [`The search for ${words} finds ${urls.join(', ') || 'nothing'}`]
  })
}

/** The ten results that the search of a page shows: each word may be a part of a word, and beginnings of names are first. */
function resultsOf(words, index, rows) {
  const query = words.replaceAll(/[^ ]+/g, '*$&*')
  return index
    .search(query)
    .map(({ ref, score }) => {
      const { name, url } = rows[Number(ref)]
      const begins = name.toLowerCase().startsWith(words.toLowerCase())
      return { url, score: begins ? (score * 10) / (1 + Math.abs(name.length - words.length)) : score }
    })
    .toSorted((a, b) => b.score - a.score)
    .slice(0, 10)
    .map(({ url }) => url)
}
