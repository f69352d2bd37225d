import fc from 'fast-check'
import Negotiator from 'negotiator'
import { describe, expect, test } from 'vitest'
import { Headers } from '../../src/message/headers.ts'
import { addVary, preferredCoding, preferredLanguage, preferredType } from '../../src/message/negotiation.ts'

function headersWith(name: string, ...values: string[]): Headers {
  const headers = new Headers()
  headers.setRawHeaders(name, values)
  return headers
}
const type = (accept: string, ...offers: string[]): string | undefined =>
  preferredType(headersWith('Accept', accept), offers)
const language = (accept: string, ...offers: string[]): string | undefined =>
  preferredLanguage(headersWith('Accept-Language', accept), offers)
const coding = (accept: string, ...offers: string[]): string | undefined =>
  preferredCoding(headersWith('Accept-Encoding', accept), offers)

describe('preferredType', () => {
  test('takes the type with the greatest weight, and the first of equal ones', () => {
    expect(type('text/html;q=0.5, application/json', 'text/html', 'application/json')).toBe(
      'application/json',
    )
    expect(type('text/html, application/json', 'application/json', 'text/html')).toBe('application/json')
    expect(type('TEXT/HTML', 'image/png', 'text/html')).toBe('text/html')
    expect(type('application/json, text/plain, */*', 'text/html', 'application/json')).toBe(
      'application/json',
    )
  })

  test('weighs by the most specific element, wherever it stands', () => {
    const accept =
      'text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5'
    const offers = [
      'text/html',
      'text/plain;format=fixed',
      'image/jpeg',
      'text/plain',
      'text/plain;format=flowed',
    ]
    expect(type(accept, ...offers)).toBe('text/plain;format=flowed')
    expect(type(accept, ...offers.slice(0, 4))).toBe('text/plain')
    expect(type(accept, ...offers.slice(0, 3))).toBe('image/jpeg')
    expect(type(accept, ...offers.slice(0, 2))).toBe('text/plain;format=fixed')
    expect(type('*/*, text/html;q=0', 'text/html')).toBeUndefined()
  })

  test('accepts all without Accept, and with an empty one; nothing that is not matched', () => {
    expect(preferredType(new Headers(), ['a/b', 'c/d'])).toBe('a/b')
    expect(type('', 'a/b')).toBe('a/b')
    expect(type('text/html', 'application/json')).toBeUndefined()
    expect(type('text/html')).toBeUndefined()
  })

  test('reads quoted parameters with commas and semicolons', () => {
    expect(type('a/b;x="1,2;3";q=0.1, c/d', 'a/b;x="1,2;3"', 'c/d')).toBe('c/d')
    expect(type('a/b;x="\\"q=0,"', 'a/b;x="\\"q=0,"')).toBe('a/b;x="\\"q=0,"')
    expect(type('a/b;x="1', 'a/b')).toBeUndefined()
  })

  test('joins several lines', () => {
    expect(preferredType(headersWith('Accept', 'a/b;q=0.1', 'c/d'), ['a/b', 'c/d'])).toBe('c/d')
  })
})

describe('weights', () => {
  test.each(['0.001', '1', '1.0', '1.000', '0.5', '0.'])('%s is read', (weight) => {
    expect(type(`a/b;q=${weight}`, 'a/b')).toBe(weight === '0.' ? undefined : 'a/b')
    expect(type(`a/b;Q=${weight}`, 'a/b')).toBe(weight === '0.' ? undefined : 'a/b')
  })

  test.each([
    '0.1234',
    '2',
    '1.1',
    '-1',
    '',
    'x',
    '.5',
    '1e0',
    '0x1',
    '1.0000',
    'NaN',
    'Infinity',
    '"1"',
    '0,5',
  ])('an element with the malformed weight %j is left out', (weight) => {
    expect(type(`a/b;q=${weight}`, 'a/b')).toBeUndefined()
    expect(coding(`gzip;q=${weight}`, 'gzip', 'identity')).toBe('identity')
  })

  test('0 excludes', () => {
    for (const zero of ['0', '0.0', '0.000']) expect(type(`a/b;q=${zero}`, 'a/b')).toBeUndefined()
  })
})

describe('preferredLanguage', () => {
  test.each([
    ['de, en;q=0.5', ['en', 'de'], 'de'],
    ['en-GB, fr;q=0.9', ['fr', 'en'], 'en'],
    ['en', ['en-US', 'de'], 'en-US'],
    ['en;q=0.5, en-US', ['en', 'en-US'], 'en-US'],
    ['DE-at', ['de'], 'de'],
    ['english', ['en'], undefined],
    ['en', ['english'], undefined],
    ['*;q=0.1, de', ['fr', 'de'], 'de'],
    ['*', ['fr'], 'fr'],
    ['en-GB;q=0, en', ['en-GB', 'en'], 'en'],
    ['en-GB;q=0, *', ['en-GB'], undefined],
    ['en-GB;q=0, *;q=0.5', ['en'], 'en'],
    ['zh-Hant-TW', ['zh', 'zh-Hant'], 'zh-Hant'],
    ['en-GB;q=0.2, en-US;q=0.8, de;q=0.5', ['de', 'en'], 'en'],
  ] as const)('%s and %j give %s', (accept, offers, expected) => {
    expect(language(accept, ...offers)).toBe(expected)
  })

  test('accepts all without Accept-Language', () => {
    expect(preferredLanguage(new Headers(), ['de', 'en'])).toBe('de')
  })
})

describe('preferredCoding', () => {
  test.each([
    ['gzip, deflate, br, zstd', ['br', 'gzip', 'identity'], 'br'],
    ['gzip;q=1.0, br;q=0.8', ['br', 'gzip', 'identity'], 'gzip'],
    ['gzip;q=0', ['gzip', 'identity'], 'identity'],
    ['*;q=0, identity', ['gzip', 'identity'], 'identity'],
    ['identity', ['gzip', 'identity'], 'identity'],
    ['', ['gzip', 'identity'], 'identity'],
    ['*', ['gzip', 'identity'], 'gzip'],
    ['*;q=0', ['gzip', 'identity'], undefined],
    ['identity;q=0', ['gzip', 'identity'], undefined],
    ['gzip;q=0.5, identity', ['gzip', 'identity'], 'identity'],
    ['gzip;q=0.001', ['gzip', 'identity'], 'gzip'],
    ['x-gzip', ['gzip'], 'gzip'],
    ['GZIP', ['gzip'], 'gzip'],
    ['gzip2, xgzip', ['gzip'], undefined],
    ['gzip;q=0, *', ['gzip', 'br'], 'br'],
    ['gzip, *', ['br', 'gzip'], 'gzip'],
    ['deflate', ['gzip'], undefined],
  ] as const)('%j and %j give %s', (accept, offers, expected) => {
    expect(coding(accept, ...offers)).toBe(expected)
  })

  test('is identity without Accept-Encoding', () => {
    expect(preferredCoding(new Headers(), ['gzip', 'identity'])).toBe('identity')
    expect(preferredCoding(new Headers(), ['gzip'])).toBeUndefined()
  })
})

describe('negotiator, as an oracle', () => {
  const weight = fc.constantFrom('', ';q=0', ';q=0.001', ';q=0.5', ';q=0.75', ';q=1', ';q=1.0')
  const fieldOf = (...values: string[]): fc.Arbitrary<string> =>
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...values), weight), {
        minLength: 1,
        selector: ([value]) => value,
      })
      .map((elements) => elements.map(([value, q]) => value + q).join(', '))
  const offersOf = <T extends string>(...offers: T[]): fc.Arbitrary<T[]> =>
    fc.shuffledSubarray(offers, { minLength: 1 })

  test('agrees about the weight of media types', () => {
    const field = fieldOf('text/html', 'text/*', 'text/plain', 'application/json', '*/*', 'text/html;level=1')
    const offers = offersOf('text/html', 'text/plain', 'application/json', 'text/html;level=1', 'image/png')
    fc.assert(
      fc.property(field, offers, (accept, some) => {
        const theirs = new Negotiator({ headers: { accept } }).mediaTypes(some)
        const ours = type(accept, ...some)
        // It breaks ties by the client's order, we by the order of the offers.
        expect(theirs.length === 0).toBe(ours === undefined)
        if (ours !== undefined) expect(theirs).toContain(ours)
        const [first] = theirs
        if (first !== undefined && ours !== undefined) expect(type(accept, first, ours)).toBe(first)
      }),
    )
  })

  test('agrees about the weight of codings', () => {
    const field = fieldOf('gzip', 'br', '*', 'identity', 'deflate')
    fc.assert(
      fc.property(field, offersOf('gzip', 'br', 'identity'), (accept, some) => {
        const theirs = new Negotiator({ headers: { 'accept-encoding': accept } }).encodings(some)
        const ours = coding(accept, ...some)
        expect(theirs.length === 0).toBe(ours === undefined)
        if (ours !== undefined) expect(theirs).toContain(ours)
      }),
    )
  })
})

test('hostile fields of 100 kB take linear time', () => {
  for (const hostile of [
    ',',
    ' ,',
    ';',
    'a/b;',
    'a/b,',
    '"',
    '\\"',
    'en-',
    '*/*;q=1,',
    ';q=0',
    ' \t',
    'a/b;x="\\",',
  ]) {
    const field = hostile.repeat(100_000 / hostile.length)
    expect(type(field, 'text/html', 'image/png')).not.toBe('image/png')
    language(field, 'en', 'de')
    coding(field, 'gzip', 'br', 'identity')
  }
})

describe('addVary', () => {
  test('adds a field once, to what is there', () => {
    const headers = new Headers()
    addVary(headers, 'Accept')
    addVary(headers, 'accept')
    addVary(headers, 'Origin')
    expect(headers.getRawHeaders('vary')).toEqual(['Accept, Origin'])
    headers.setRawHeaders('Vary', ['Cookie , Accept-Encoding', 'Origin'])
    addVary(headers, 'Accept-Encoding')
    expect(headers.getRawHeaders('vary')).toEqual(['Cookie , Accept-Encoding', 'Origin'])
    addVary(headers, 'Accept')
    expect(headers.getRawHeaders('vary')).toEqual(['Cookie , Accept-Encoding, Origin, Accept'])
  })

  test('leaves * alone', () => {
    const headers = headersWith('Vary', '*')
    addVary(headers, 'Accept')
    expect(headers.getRawHeaders('vary')).toEqual(['*'])
  })
})
