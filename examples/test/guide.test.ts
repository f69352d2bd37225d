import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url)
const read = (path: string): string => readFileSync(at(path), 'utf8')
const lineCount = (program: string): number => program.split('\n').length - 1

describe('coming-from-express-and-fastify.md', () => {
  const page = read('docs/guide/coming-from-express-and-fastify.md')
  const service = /^```ts\n([^]*?)^```$/m.exec(page)?.[1] ?? ''
  const twin = /^```js\n([^]*?)^```$/m.exec(page)?.[1] ?? ''

  test('shows examples/http-service.ts as it is', () => {
    expect(service).toBe(read('examples/http-service.ts'))
  })

  test('states how many lines both services have, and ours has at most 60', () => {
    const stated = Array.from(page.matchAll(/It has (\d+) lines/g), ([, lines]) => Number(lines))
    expect(stated).toEqual([lineCount(service), lineCount(twin)])
    expect(lineCount(service)).toBeLessThanOrEqual(60)
    expect(lineCount(service)).toBeLessThan(lineCount(twin))
  })
})

describe('the links of the documents', () => {
  const pages = [
    'README.md',
    'docs/coming-from-twisted.md',
    ...readdirSync(at('docs/guide')).map((name) => `docs/guide/${name}`),
  ]

  test.each(pages)('of %s lead to files', (page) => {
    const links = Array.from(read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g), ([, path = '']) => path)
    expect(links.filter((path) => !existsSync(new URL(path, at(page))))).toEqual([])
  })

  test('of http-in-sixty-seconds.md include every page about HTTP', () => {
    const index = read('docs/guide/http-in-sixty-seconds.md')
    const http = readdirSync(at('docs/guide')).filter((name) => /^http-(?!in-sixty-seconds)/.test(name))
    expect(http.filter((name) => !index.includes(`](${name})`))).toEqual([])
  })
})
