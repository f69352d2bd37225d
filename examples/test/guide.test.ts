import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url)
const read = (path: string): string => readFileSync(at(path), 'utf8')
const lineCount = (program: string): number => program.split('\n').length - 1

describe.each([
  ['express-and-fastify.md', 'examples/http-service.ts', 60],
  ['ws-and-socket-io.md', 'examples/chat.ts', 70],
])('%s', (name, example, most) => {
  const page = read(`docs/coming-from/${name}`)
  const ours = /^```ts\n([^]*?)^```$/m.exec(page)?.[1] ?? ''
  const twin = /^```js\n([^]*?)^```$/m.exec(page)?.[1] ?? ''

  test('shows the example as it is', () => {
    expect(ours).toBe(read(example))
  })

  test('states how many lines both programs have, and ours has no more than it may', () => {
    const stated = Array.from(page.matchAll(/It has (\d+) lines/g), ([, lines]) => Number(lines))
    expect(stated).toEqual([lineCount(ours), lineCount(twin)])
    expect(lineCount(ours)).toBeLessThanOrEqual(most)
    expect(lineCount(ours)).toBeLessThan(lineCount(twin))
  })
})

describe('the links of the documents', () => {
  const filesOf = (folder: string): string[] => readdirSync(at(folder)).map((name) => `${folder}/${name}`)
  const folders = ['.', 'docs', ...filesOf('docs'), ...filesOf('packages')]
  const pages = folders
    .filter((path) => statSync(at(path)).isDirectory())
    .flatMap(filesOf)
    .filter((path) => path.endsWith('.md'))

  test.each(pages)('of %s lead to files', (page) => {
    const links = Array.from(read(page).matchAll(/\]\((?!https?:)([^)#\s]+)/g), ([, path = '']) => path)
    expect(links.filter((path) => !existsSync(new URL(path, at(page))))).toEqual([])
  })

  test('of docs/README.md include every page and every example', () => {
    const index = read('docs/README.md')
    const own = filesOf('docs').filter(
      (path) => statSync(at(path)).isDirectory() && !path.endsWith('decisions'),
    )
    const documents = [...filesOf('docs'), ...own.flatMap(filesOf)].filter((path) => path.endsWith('.md'))
    const linked = documents.map((path) => path.replace('docs/', ''))
    const examples = readdirSync(at('examples')).filter((name) => name.endsWith('.ts'))
    const paths = linked.concat(examples.map((name) => `../examples/${name}`))
    const exempt = /^(README|tutorial\/\d.*)\.md$/
    expect(paths.filter((path) => !exempt.test(path) && !index.includes(`](${path})`))).toEqual([])
  })

  test('of http-in-sixty-seconds.md include every page about HTTP', () => {
    const index = read('docs/guide/http-in-sixty-seconds.md')
    const http = readdirSync(at('docs/guide')).filter((name) => /^http-(?!in-sixty-seconds)/.test(name))
    expect(http.filter((name) => !index.includes(`](${name})`))).toEqual([])
  })
})
