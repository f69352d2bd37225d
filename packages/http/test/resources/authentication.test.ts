import { describe, expect, test } from 'vitest'
import {
  credentialsOf,
  equalInConstantTime,
  getBearerToken,
  getUser,
  passwordCheck,
  tokenCheck,
} from '../../src/resources.ts'
import { Clients, responding } from './client.ts'

describe('credentialsOf', () => {
  test.each([
    ['Digest a=b, c="d"', '{"scheme":"digest","value":"a=b, c=\\"d\\""}'],
    ['Negotiate', '{"scheme":"negotiate","value":""}'],
    ['"x" y', 'null'],
    ['', 'null'],
  ])('reads %s', async (value, expected) => {
    const showing = responding((request) => JSON.stringify(credentialsOf(request) ?? null))
    const headers = [`Authorization: ${value}`]
    expect((await new Clients(showing).ask('/', { headers })).body).toBe(expected)
  })

  test('getUser is undefined without Basic', async () => {
    const clients = new Clients(responding((request) => `${getUser(request)}`))
    expect((await clients.ask('/')).body).toBe('undefined')
    expect((await clients.ask('/', { headers: ['Authorization: Bearer dTpw'] })).body).toBe('undefined')
    expect((await clients.ask('/', { headers: ['Authorization: Basic dTpw'] })).body).toBe('u')
  })
})

describe('getBearerToken', () => {
  test.each<[string, string[], string]>([
    ['a token', ['Bearer t0k3n'], 't0k3n'],
    ['every character of a token', ['Bearer aZ09-._~+/=='], 'aZ09-._~+/=='],
    ['another case of the scheme', ['bEARER T'], 'T'],
    ['several spaces', ['Bearer   t'], 't'],
    ['no Authorization', [], 'undefined'],
    ['two Authorization fields', ['Bearer a', 'Bearer a'], 'undefined'],
    ['another scheme', ['Basic dTpw'], 'undefined'],
    ['a longer scheme', ['Bearers t'], 'undefined'],
    ['no token', ['Bearer'], 'undefined'],
    ['only a pad', ['Bearer =='], 'undefined'],
    ['a character after the pad', ['Bearer a=b'], 'undefined'],
    ['two tokens', ['Bearer a b'], 'undefined'],
    ['a list', ['Bearer a, b'], 'undefined'],
    ['quotes', ['Bearer "a"'], 'undefined'],
    ['a tab before the token', ['Bearer \ta'], 'undefined'],
    ['a colon', ['Bearer: a'], 'undefined'],
    ['a letter beyond ASCII', ['Bearer ä'], 'undefined'],
  ])('reads %s', async (_, authorization, expected) => {
    const clients = new Clients(responding((request) => `${getBearerToken(request)}`))
    const headers = authorization.map((value) => `Authorization: ${value}`)
    expect((await clients.ask('/', { headers })).body).toBe(expected)
  })
})

describe('equalInConstantTime', () => {
  test.each([
    ['', '', true],
    ['secret', 'secret', true],
    ['secret', 'secreT', false],
    ['secret', 'secret ', false],
    ['é', 'e\u0301', false],
  ])('compares %j and %j', (one, other, is) => {
    expect(equalInConstantTime(one, other)).toBe(is)
  })
})

describe('passwordCheck and tokenCheck', () => {
  test('accept what was given, and nothing else', () => {
    const check = passwordCheck({ a: 'x', b: '' })
    expect([check('a', 'x'), check('b', ''), check('a', ''), check('c', ''), check('toString', '')]).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
    expect([tokenCheck(['t', 'u'])('u'), tokenCheck(['t'])('u'), tokenCheck([])('')]).toEqual([
      true,
      false,
      false,
    ])
  })
})
