import { describe, expect, test } from 'vitest'
import { securityHeaders } from '../../src/resources.ts'
import { Clients, responding } from './client.ts'

const hello = responding((request) => {
  if (request.path === '/own') request.setHeader('content-security-policy', "default-src 'none'")
  return 'hello'
})

describe('securityHeaders', () => {
  test.each([
    ['/', 'GET', 200],
    ['/', 'PUT', 405],
  ])('adds headers to %s with %s', async (path, method, status) => {
    const response = await new Clients(securityHeaders(hello)).ask(path, { method })
    expect(response.status).toBe(status)
    expect(response.header('content-security-policy')).toContain("default-src 'self'")
    expect(response.header('cross-origin-opener-policy')).toBe('same-origin')
    expect(response.header('cross-origin-resource-policy')).toBe('same-origin')
    expect(response.header('referrer-policy')).toBe('no-referrer')
    expect(response.header('x-content-type-options')).toBe('nosniff')
    expect(response.header('x-frame-options')).toBe('DENY')
    expect(response.header('permissions-policy')).toBeUndefined()
  })

  test('sends Strict-Transport-Security over https only', async () => {
    const name = 'strict-transport-security'
    expect((await new Clients(securityHeaders(hello)).ask('/')).header(name)).toBeUndefined()
    const secure = await new Clients(securityHeaders(hello), { https: true }).ask('/')
    expect(secure.header(name)).toBe('max-age=15552000')
  })

  test('leaves a header of the resource, and one that is switched off', async () => {
    const clients = new Clients(securityHeaders(hello, { xFrameOptions: false, permissionsPolicy: 'usb=()' }))
    const response = await clients.ask('/own')
    expect(response.header('content-security-policy')).toBe("default-src 'none'")
    expect(response.header('x-frame-options')).toBeUndefined()
    expect(response.header('permissions-policy')).toBe('usb=()')
  })

  test('refuses a value that would inject a header', () => {
    expect(() => securityHeaders(hello, { referrerPolicy: 'a\r\nSet-Cookie: b' })).toThrow(
      /referrerPolicy .* for securityHeaders: give the value of the header, or false/,
    )
    expect(() => securityHeaders(hello, { xFrameOptions: true as never })).toThrow(TypeError)
  })
})
