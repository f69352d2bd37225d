import type { RenderResult } from '../../src/site/render-result.ts'
import { expect, describe, test } from 'vitest'
import type { Request } from '../../src/server/request.ts'
import { NOT_DONE_YET } from '../../src/site/not-done-yet.ts'
import { Resource } from '../../src/site/resource.ts'

/** Compiles without a type at the method: what the language infers is the type of NOT_DONE_YET. */
class Later extends Resource {
  override render_GET(request: Request) {
    request.reactor.callLater(200, () => request.finish('late'))
    return NOT_DONE_YET
  }
  override async render_POST(request: Request) {
    return request.hasBody ? request.body.text() : NOT_DONE_YET
  }
  override async *render_PUT() {
    yield 'a'
    yield Buffer.from('b')
  }
  override render_PATCH(request: Request) {
    return request.body
  }
  // @ts-expect-error -- what is no result does not compile: a body must be made of it
  override render_DELETE() {
    return { deleted: true }
  }
}

describe('NOT_DONE_YET', () => {
  test('is a value like no other, and stays as it is', () => {
    expect(String(NOT_DONE_YET)).toBe('NOT_DONE_YET')
    expect(Object.isFrozen(NOT_DONE_YET)).toBe(true)
    // @ts-expect-error -- another object of the same shape is no NOT_DONE_YET
    const other: RenderResult = { toString: () => 'NOT_DONE_YET' }
    expect(other).not.toBe(NOT_DONE_YET)
  })

  test('is returned from methods that declare no type', () => {
    expect(new Later().allowedMethods()).toContain('GET')
  })
})
