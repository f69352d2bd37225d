import type { DeflateAgreement } from '../deflate/deflate-agreement.ts'
import { type DeflateOptions, MAX_WINDOW_BITS, SERVER_WINDOW_BITS } from '../deflate/deflate-options.ts'
import { WebSocketError } from '../errors.ts'
import { type ExtensionOffer, parseExtensions } from './extension-offer.ts'

/** The response to an offer of compression. */
export interface DeflateResponse {
  readonly agreement: DeflateAgreement
  /** The value of Sec-WebSocket-Extensions. */
  readonly header: string
}

/**
 * Agrees to the first offer of permessage-deflate that a server can accept. An offer with a parameter that is
 * unknown, repeated or invalid is declined, and the next one is tried.
 *
 * @param offers In the client's order of preference.
 * @returns undefined when no offer can be accepted: then the server sends no Sec-WebSocket-Extensions.
 * @see RFC 7692 §5, §7.1
 */
export function negotiateDeflate(
  offers: readonly ExtensionOffer[],
  options: DeflateOptions,
): DeflateResponse | undefined {
  for (const offer of offers) {
    const offered = offer.name === DEFLATE ? readParameters(offer) : undefined
    if (offered !== undefined) return responseTo(offered, options)
  }
  return undefined
}

/**
 * Returns the value of Sec-WebSocket-Extensions with which a client offers compression.
 *
 * `clientMaxWindowBits` is not part of it: a client may always use a smaller window than it has to, and servers
 * of `ws` decline an offer with a smaller window than theirs.
 */
export function offerDeflate(options: DeflateOptions): string {
  const { serverMaxWindowBits } = options
  const asksServer = serverMaxWindowBits !== undefined && serverMaxWindowBits < MAX_WINDOW_BITS
  return headerOf({
    serverNoContextTakeover: !options.serverContextTakeover,
    clientNoContextTakeover: !options.clientContextTakeover,
    serverMaxWindowBits: asksServer ? serverMaxWindowBits : undefined,
    clientMaxWindowBits: 'any',
  })
}

/**
 * Reads a server's response to `offerDeflate(options)`.
 *
 * @param header The value of Sec-WebSocket-Extensions; several fields joined by commas.
 * @returns undefined when the server has declined.
 * @throws {WebSocketError} `unacceptable-extension` when the response is malformed, or agrees to something that
 *   was not offered, or leaves out what was asked for.
 * @see RFC 6455 §4.1 (step 5 of the response), RFC 7692 §7.1
 */
export function acceptDeflate(header: string, options: DeflateOptions): DeflateAgreement | undefined {
  const responses = parseExtensions([header])
  if (responses === undefined) throw unacceptable('a malformed Sec-WebSocket-Extensions')
  const [response, another] = responses
  if (response === undefined) return undefined
  const name = (response.name === DEFLATE ? another : response)?.name
  if (name !== undefined)
    throw unacceptable(`the extension ${name.slice(0, MAX_SHOWN)}, or one extension twice`)
  const agreed = readParameters(response)
  if (agreed === undefined || agreed.clientMaxWindowBits === 'any') {
    throw unacceptable('permessage-deflate with an unknown, repeated or invalid parameter')
  }
  const serverMost = options.serverMaxWindowBits ?? MAX_WINDOW_BITS
  const serverMaxWindowBits = agreed.serverMaxWindowBits ?? MAX_WINDOW_BITS
  if (serverMaxWindowBits > serverMost) {
    throw unacceptable(`server_max_window_bits=${serverMaxWindowBits} where ${serverMost} was asked for`)
  }
  if (!options.serverContextTakeover && !agreed.serverNoContextTakeover) {
    throw unacceptable('permessage-deflate without server_no_context_takeover, which was asked for')
  }
  return {
    serverMaxWindowBits,
    clientMaxWindowBits: Math.min(options.clientMaxWindowBits, agreed.clientMaxWindowBits ?? MAX_WINDOW_BITS),
    serverContextTakeover: !agreed.serverNoContextTakeover,
    clientContextTakeover: options.clientContextTakeover && !agreed.clientNoContextTakeover,
  }
}

function responseTo(offered: DeflateParameters, options: DeflateOptions): DeflateResponse {
  const ours = options.serverMaxWindowBits ?? SERVER_WINDOW_BITS
  const serverMaxWindowBits = Math.min(ours, offered.serverMaxWindowBits ?? MAX_WINDOW_BITS)
  // RFC 7692 §7.1.2.2: a server must not limit a client that has not offered the parameter.
  const { clientMaxWindowBits: most } = offered
  const clientMaxWindowBits =
    most === undefined
      ? MAX_WINDOW_BITS
      : Math.min(options.clientMaxWindowBits, most === 'any' ? MAX_WINDOW_BITS : most)
  const serverContextTakeover = options.serverContextTakeover && !offered.serverNoContextTakeover
  const clientContextTakeover = options.clientContextTakeover && !offered.clientNoContextTakeover
  const asked = offered.serverMaxWindowBits !== undefined
  const header = headerOf({
    serverNoContextTakeover: !serverContextTakeover,
    clientNoContextTakeover: !clientContextTakeover,
    serverMaxWindowBits: asked || serverMaxWindowBits < MAX_WINDOW_BITS ? serverMaxWindowBits : undefined,
    clientMaxWindowBits: clientMaxWindowBits < MAX_WINDOW_BITS ? clientMaxWindowBits : undefined,
  })
  const agreement = {
    serverMaxWindowBits,
    clientMaxWindowBits,
    serverContextTakeover,
    clientContextTakeover,
  }
  return { agreement, header }
}

/** The parameters of an offer or a response (RFC 7692 §7.1). */
interface DeflateParameters {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  readonly serverMaxWindowBits: number | undefined
  /** `any`: the parameter has no value, as in an offer of a client that can limit its window. */
  readonly clientMaxWindowBits: number | 'any' | undefined
}

/** Returns undefined when a parameter is unknown or repeated, or its value is invalid. */
function readParameters({ parameters }: ExtensionOffer): DeflateParameters | undefined {
  const given = new Map(parameters)
  if (given.size !== parameters.length) return undefined
  if (!parameters.every(([name, value]) => VALUES.get(name)?.(value))) return undefined
  const client = given.get(CLIENT_BITS)
  return {
    serverNoContextTakeover: given.has(SERVER_ALONE),
    clientNoContextTakeover: given.has(CLIENT_ALONE),
    serverMaxWindowBits: given.has(SERVER_BITS) ? Number(given.get(SERVER_BITS)) : undefined,
    clientMaxWindowBits: client === undefined ? (given.has(CLIENT_BITS) ? 'any' : undefined) : Number(client),
  }
}

function headerOf(parameters: DeflateParameters): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters
  const parts = [DEFLATE]
  if (parameters.serverNoContextTakeover) parts.push(SERVER_ALONE)
  if (parameters.clientNoContextTakeover) parts.push(CLIENT_ALONE)
  if (serverMaxWindowBits !== undefined) parts.push(`${SERVER_BITS}=${serverMaxWindowBits}`)
  if (clientMaxWindowBits === 'any') parts.push(CLIENT_BITS)
  else if (clientMaxWindowBits !== undefined) parts.push(`${CLIENT_BITS}=${clientMaxWindowBits}`)
  return parts.join('; ')
}

function unacceptable(what: string): WebSocketError {
  return new WebSocketError('unacceptable-extension', `Cannot accept a response with ${what}`)
}

const DEFLATE = 'permessage-deflate'
const SERVER_ALONE = 'server_no_context_takeover'
const CLIENT_ALONE = 'client_no_context_takeover'
const SERVER_BITS = 'server_max_window_bits'
const CLIENT_BITS = 'client_max_window_bits'
/** A decimal number without leading zeros (RFC 7692 §7.1.2). */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/
/** Which values each parameter may have. A Map, because a peer may name a parameter `constructor`. */
const VALUES: ReadonlyMap<string, (value: string | undefined) => boolean> = new Map([
  [SERVER_ALONE, (value) => value === undefined],
  [CLIENT_ALONE, (value) => value === undefined],
  [SERVER_BITS, (value) => value !== undefined && WINDOW_BITS.test(value)],
  [CLIENT_BITS, (value) => value === undefined || WINDOW_BITS.test(value)],
])
/** Most characters of a peer's name that a message quotes. */
const MAX_SHOWN = 40
