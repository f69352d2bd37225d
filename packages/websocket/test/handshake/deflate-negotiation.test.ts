import { describe, expect, test } from 'vitest'
import { type DeflateOptions, deflateOptions } from '../../src/deflate/deflate-options.ts'
import { acceptDeflate, negotiateDeflate, offerDeflate } from '../../src/handshake/deflate-negotiation.ts'
import { parseExtensions } from '../../src/handshake/extension-offer.ts'

const DEFLATE = 'permessage-deflate'

/** The response of a server to an offer; undefined when it declines. */
function respond(offer: string, options: Partial<DeflateOptions> = {}): string | undefined {
  return negotiateDeflate(parseExtensions([offer]) ?? [], filled(options))?.header
}

function filled(options: Partial<DeflateOptions>): DeflateOptions {
  return deflateOptions(options) ?? deflateOptions(true) ?? expect.fail()
}

describe('negotiateDeflate', () => {
  test('asks for the smaller window of both sides, and for a window of the client only if that is offered', () => {
    const cases: readonly (readonly [offer: string, options: Partial<DeflateOptions>, response: string])[] = [
      ['', {}, '; server_max_window_bits=12'],
      ['', { serverMaxWindowBits: 15 }, ''],
      ['; client_max_window_bits', {}, '; server_max_window_bits=12; client_max_window_bits=12'],
      ['; client_max_window_bits', { clientMaxWindowBits: 15, serverMaxWindowBits: 15 }, ''],
      ['; client_max_window_bits=10', {}, '; server_max_window_bits=12; client_max_window_bits=10'],
      ['; client_max_window_bits=15', {}, '; server_max_window_bits=12; client_max_window_bits=12'],
      ['; server_max_window_bits=15', {}, '; server_max_window_bits=12'],
      ['; server_max_window_bits=15', { serverMaxWindowBits: 15 }, '; server_max_window_bits=15'],
      ['; server_max_window_bits=8', {}, '; server_max_window_bits=8'],
      ['; server_max_window_bits="9"', {}, '; server_max_window_bits=9'],
    ]
    for (const [offer, options, response] of cases)
      expect(respond(DEFLATE + offer, options), offer).toBe(DEFLATE + response)
  })

  test('gives up references to earlier messages if either side asks for it', () => {
    const wide = { serverMaxWindowBits: 15 }
    expect(respond(`${DEFLATE}; server_no_context_takeover`, wide)).toBe(
      `${DEFLATE}; server_no_context_takeover`,
    )
    expect(respond(`${DEFLATE}; client_no_context_takeover`, wide)).toBe(
      `${DEFLATE}; client_no_context_takeover`,
    )
    const alone = { ...wide, serverContextTakeover: false, clientContextTakeover: false }
    expect(respond(DEFLATE, alone)).toBe(`${DEFLATE}; server_no_context_takeover; client_no_context_takeover`)
  })

  test('returns the agreement that the response states', () => {
    const offers = parseExtensions([`${DEFLATE}; client_max_window_bits=9; server_no_context_takeover`]) ?? []
    expect(negotiateDeflate(offers, filled({}))?.agreement).toEqual({
      serverMaxWindowBits: 12,
      clientMaxWindowBits: 9,
      serverContextTakeover: false,
      clientContextTakeover: true,
    })
    expect(negotiateDeflate([{ name: DEFLATE, parameters: [] }], filled({}))?.agreement).toEqual({
      serverMaxWindowBits: 12,
      clientMaxWindowBits: 15,
      serverContextTakeover: true,
      clientContextTakeover: true,
    })
  })

  test('declines an offer with an unknown, repeated or invalid parameter', () => {
    for (const parameters of [
      'x',
      'constructor',
      '__proto__',
      'toString=1',
      'Server_no_context_takeover',
      'server_no_context_takeover=1',
      'client_no_context_takeover=true',
      'server_no_context_takeover; server_no_context_takeover',
      'client_max_window_bits; client_max_window_bits=10',
      'server_max_window_bits',
      'server_max_window_bits=7',
      'server_max_window_bits=16',
      'server_max_window_bits=08',
      'server_max_window_bits=015',
      'server_max_window_bits=1e1',
      'server_max_window_bits=0xa',
      'server_max_window_bits=+10',
      'server_max_window_bits=10.0',
      'client_max_window_bits=7',
      'client_max_window_bits=16',
      'client_max_window_bits=x',
    ])
      expect(respond(`${DEFLATE}; ${parameters}`), parameters).toBeUndefined()
    for (const other of ['', 'x-webkit-deflate-frame', 'Permessage-Deflate', 'mux; client_max_window_bits'])
      expect(respond(other), other).toBeUndefined()
  })

  test('tries the offers in order', () => {
    expect(
      respond(
        `x, ${DEFLATE}; y, ${DEFLATE}; server_max_window_bits=10, ${DEFLATE}; server_max_window_bits=9`,
      ),
    ).toBe(`${DEFLATE}; server_max_window_bits=10`)
  })
})

describe('offerDeflate', () => {
  test('offers to limit our window, and asks for what the options name', () => {
    expect(offerDeflate(filled({}))).toBe(`${DEFLATE}; client_max_window_bits`)
    expect(offerDeflate(filled({ clientMaxWindowBits: 15, serverMaxWindowBits: 15 }))).toBe(
      `${DEFLATE}; client_max_window_bits`,
    )
    expect(
      offerDeflate(
        filled({ serverMaxWindowBits: 9, serverContextTakeover: false, clientContextTakeover: false }),
      ),
    ).toBe(
      `${DEFLATE}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits`,
    )
  })

  test('is accepted by our server, with the same agreement on both sides', () => {
    const each: readonly Partial<DeflateOptions>[] = [
      {},
      { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
      { serverMaxWindowBits: 15, clientMaxWindowBits: 15 },
      { serverContextTakeover: false },
      { clientContextTakeover: false, serverMaxWindowBits: 10 },
    ]
    for (const client of each) {
      for (const server of each) {
        const response = negotiateDeflate(
          parseExtensions([offerDeflate(filled(client))]) ?? [],
          filled(server),
        )
        const accepted = acceptDeflate(response?.header ?? '', filled(client))
        const clientMaxWindowBits = Math.min(
          client.clientMaxWindowBits ?? 12,
          server.clientMaxWindowBits ?? 12,
        )
        expect(accepted).toEqual({ ...response?.agreement, clientMaxWindowBits })
      }
    }
  })
})

describe('acceptDeflate', () => {
  test('reads the response of a server', () => {
    expect(acceptDeflate('', filled({}))).toBeUndefined()
    expect(acceptDeflate(DEFLATE, filled({}))).toEqual({
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 12,
      serverContextTakeover: true,
      clientContextTakeover: true,
    })
    expect(
      acceptDeflate(
        `${DEFLATE}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=9`,
        filled({}),
      ),
    ).toEqual({
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 9,
      serverContextTakeover: false,
      clientContextTakeover: false,
    })
  })

  test('keeps our own limits when the server states none or larger ones', () => {
    const options = filled({ clientContextTakeover: false, clientMaxWindowBits: 10 })
    for (const response of [DEFLATE, `${DEFLATE}; client_max_window_bits=15`]) {
      expect(acceptDeflate(response, options)).toMatchObject({
        clientContextTakeover: false,
        clientMaxWindowBits: 10,
      })
    }
  })

  test('refuses what was not offered, and a response that leaves out what was asked for', () => {
    const cases: readonly (readonly [response: string, options: Partial<DeflateOptions>])[] = [
      ['x', {}],
      [`${DEFLATE}, ${DEFLATE}`, {}],
      [`${DEFLATE}, x`, {}],
      [`${DEFLATE};`, {}],
      [`${DEFLATE}; x`, {}],
      [`${DEFLATE}; constructor`, {}],
      [`${DEFLATE}; client_max_window_bits`, {}],
      [`${DEFLATE}; client_max_window_bits=7`, {}],
      [`${DEFLATE}; server_max_window_bits`, {}],
      [`${DEFLATE}; server_max_window_bits=16`, {}],
      [`${DEFLATE}; server_max_window_bits=12; server_max_window_bits=12`, {}],
      [`${DEFLATE}; server_no_context_takeover=1`, {}],
      [`${DEFLATE}; server_max_window_bits=11`, { serverMaxWindowBits: 10 }],
      [DEFLATE, { serverMaxWindowBits: 10 }],
      [DEFLATE, { serverContextTakeover: false }],
    ]
    for (const [response, options] of cases) {
      expect(() => acceptDeflate(response, filled(options)), response).toThrow(
        expect.objectContaining({ violation: 'unacceptable-extension', closeCode: 1010 }),
      )
    }
  })
})
