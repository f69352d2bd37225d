import { describe, expect, test } from 'vitest'
import { Resource } from '../../src/site/resource.ts'
import { errorPage, forbidden, notFound } from '../../src/site/pages.ts'
import { ask, requestText } from './site-exchange.ts'

describe('pages', () => {
  test('respond with their status to all paths below them', async () => {
    const root = new Resource()
    root.putChild('secret', forbidden('Not <you>'))
    root.putChild('gone', errorPage(410))
    root.putChild('no', notFound())
    expect((await ask(root, requestText('GET', '/secret/x/y'))).response).toMatch(
      /^HTTP\/1\.1 403 [^]*Not &#60;you&#62;/,
    )
    expect((await ask(root, requestText('POST', '/gone'))).response).toMatch(/^HTTP\/1\.1 410 /)
    expect((await ask(root, requestText('GET', '/no'))).response).toMatch(/^HTTP\/1\.1 404 /)
  })
})
