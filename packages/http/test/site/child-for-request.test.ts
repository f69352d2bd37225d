import { describe, expect, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { getChildForRequest } from '../../src/site/child-for-request.ts'
import { Resource } from '../../src/site/resource.ts'
import type { RenderResult } from '../../src/site/render-result.ts'
import { Site } from '../../src/site/site.ts'
import { ask, requestText } from './site-exchange.ts'

class Where extends Resource {
  override render_GET(it: Request): string {
    return `${it.prepath.join('|')} ${it.postpath.join('|')}`
  }
}

describe('getChildForRequest', () => {
  test('lets a resource that wraps a tree render what is in it', async () => {
    class Wrapper extends Resource {
      override readonly isLeaf = true
      readonly #wrapped: Resource
      constructor(wrapped: Resource) {
        super()
        this.#wrapped = wrapped
      }
      override async render(it: Request): Promise<string> {
        const found = await getChildForRequest(this.#wrapped, it)
        return found === undefined ? 'nothing' : ((await found.render(it)) as string)
      }
    }
    const tree = new Resource()
    tree.putChild('b', new Where())
    tree.route('GET /c/:id', (_request, { id }) => id)
    const root = new Resource()
    root.putChild('a', new Wrapper(tree))
    for (const [path, body] of [
      ['/a/b', 'a|b '],
      ['/a/b/', 'a|b| '],
      ['/a/c/7', '7'],
      ['/a/x/y', 'nothing'],
    ] as const)
      expect((await ask(root, requestText('GET', path))).response, path).toMatch(
        new RegExp(`\r\n\r\n${body.replaceAll('|', '\\|')}$`),
      )
  })

  test('is what a site does, whose getChildWithDefault is that of its root', async () => {
    const root = new Resource()
    const child = new Where()
    root.putChild('a', child)
    const site = new Site(root)
    const asked: unknown[] = []
    class Asking extends Resource {
      override render_GET(it: Request): RenderResult {
        asked.push(site.getChildWithDefault('a', it), site.getChildWithDefault('b', it))
        return ''
      }
    }
    await ask(new Asking(), requestText('GET', '/'))
    expect(asked).toEqual([child, undefined])
  })
})
