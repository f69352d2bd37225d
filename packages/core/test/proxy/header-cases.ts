import { tcpAddress, unixAddress } from '../../src/index.ts'
import type { ProxyClaim, ProxyHeader } from '../../src/proxy.ts'

/** A header and its bytes, for tests of the writers and the reader. */
export interface HeaderCase {
  readonly name: string
  readonly header: ProxyHeader
  readonly bytes: Buffer
}

/** Builds a header of version 2 around `body`; `family` is the byte at offset 13. */
export function v2Bytes(versionAndCommand: number, family: number, body: Buffer | string = ''): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body.replaceAll(' ', ''), 'hex') : body
  const fixed = Buffer.from('0d0a0d0a000d0a515549540a00000000', 'hex')
  fixed[12] = versionAndCommand
  fixed[13] = family
  fixed.writeUInt16BE(content.length, 14)
  return Buffer.concat([fixed, content])
}

/** Between two IPv4 addresses. */
export const ipv4 = {
  source: tcpAddress('192.0.2.7', 4242),
  destination: tcpAddress('198.51.100.1', 443),
}
/** Between two IPv6 addresses. */
export const ipv6 = {
  source: tcpAddress('2001:db8::7', 65_535),
  destination: tcpAddress('::1', 0),
}
/** From an IPv4 address to an IPv6 one. */
export const mixed = { source: ipv4.source, destination: ipv6.destination }
/** Between two paths. */
export const unix = { source: unixAddress('\0abstract'), destination: unixAddress('/run/app') }

/** A claim for a client. */
export function claim(
  addresses: ProxyClaim['addresses'],
  extensions: ProxyClaim['extensions'] = {},
): ProxyClaim {
  return { command: 'PROXY', addresses, extensions }
}

/** Every shape of version 1. */
export const v1Cases: readonly HeaderCase[] = [
  v1('TCP4', 'PROXY TCP4 192.0.2.7 198.51.100.1 4242 443\r\n', ipv4),
  v1('TCP6', 'PROXY TCP6 2001:db8::7 ::1 65535 0\r\n', ipv6),
  v1('TCP6 with a mapped address', 'PROXY TCP6 ::ffff:192.0.2.7 ::1 4242 0\r\n', mixed),
  v1('UNKNOWN', 'PROXY UNKNOWN\r\n', undefined),
]

const v4Body = 'c0000207 c6336401 1092 01bb'
const v6Body = '20010db8000000000000000000000007 00000000000000000000000000000001 ffff 0000'
const mixedBody = '00000000000000000000ffffc0000207 00000000000000000000000000000001 1092 0000'
const paths = Buffer.alloc(216)
paths.write('\0abstract', 0)
paths.write('/run/app', 108)

/** Every shape of version 2. */
export const v2Cases: readonly HeaderCase[] = [
  {
    name: 'LOCAL',
    header: { version: 2, command: 'LOCAL', addresses: undefined, extensions: {} },
    bytes: v2Bytes(0x20, 0x00),
  },
  v2('AF_UNSPEC', 0x00, '', claim(undefined)),
  v2('AF_UNSPEC with a field', 0x00, '02 0006 612e74657374', claim(undefined, { authority: 'a.test' })),
  v2('IPv4', 0x11, v4Body, claim(ipv4)),
  v2('IPv6', 0x21, v6Body, claim(ipv6)),
  v2('IPv6 with a mapped address', 0x21, mixedBody, claim(mixed)),
  v2('UNIX', 0x31, paths.toString('hex'), claim(unix)),
  v2(
    'fields of every kind',
    0x11,
    `${v4Body} 01 0002 6832 02 0006 612e74657374 05 0003 0102ff
     20 0027 07 00000000 21 0007 544c5376312e33 22 0002 c3a9 23 0001 63 24 0001 73 25 0001 6b 99 0001 09 99 0000
     30 0004 626c7565 ea 0002 0102 ea 0000`.replaceAll(/\s/g, ''),
    claim(ipv4, {
      alpn: 'h2',
      authority: 'a.test',
      uniqueId: Buffer.of(1, 2, 255),
      ssl: {
        client: { ssl: true, certConn: true, certSess: true },
        verify: 0,
        version: 'TLSv1.3',
        cn: 'é',
        cipher: 'c',
        sigAlg: 's',
        keyAlg: 'k',
        others: [
          { type: 0x99, value: Buffer.of(9) },
          { type: 0x99, value: Buffer.alloc(0) },
        ],
      },
      netns: 'blue',
      others: [
        { type: 0xea, value: Buffer.of(1, 2) },
        { type: 0xea, value: Buffer.alloc(0) },
      ],
    }),
  ),
]

function v1(name: string, line: string, addresses: ProxyClaim['addresses']): HeaderCase {
  return { name, header: { version: 1, ...claim(addresses) }, bytes: Buffer.from(line) }
}

function v2(name: string, family: number, body: string, expected: ProxyClaim): HeaderCase {
  return { name, header: { version: 2, ...expected }, bytes: v2Bytes(0x21, family, body) }
}
