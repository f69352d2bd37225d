import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NetstringReceiver } from '../../src/protocol/netstring-receiver.ts'
import { chunkings } from '../../src/testing/chunkings.ts'
import { StringTransport } from '../../src/testing/string-transport.ts'

class Listener extends NetstringReceiver {
  override maxLengthBytes = 50
  readonly heard: string[] = []
  override stringReceived(data: Buffer): void {
    this.heard.push(data.toString('latin1'))
  }
}

function listen(...pieces: (string | Buffer)[]): { heard: string[]; closed: boolean } {
  const listener = new Listener()
  const transport = StringTransport.connect(listener)
  for (const piece of pieces) transport.receive(piece)
  return { heard: listener.heard, closed: transport.disconnecting }
}

describe('NetstringReceiver', () => {
  test('cases 167, 170: strings in any pieces', () => {
    for (const [text, heard] of [
      ['0:,', ['']],
      ['1:a,', ['a']],
      ['4:1:a,,', ['1:a,']],
      ['1:a,2:bc,', ['a', 'bc']],
      [`50:${'x'.repeat(50)},`, ['x'.repeat(50)]],
    ] as const) {
      for (const pieces of chunkings(text)) expect(listen(...pieces)).toEqual({ heard, closed: false })
    }
  })

  test('statement 93, cases 168, 169: closes as soon as it is certain that it is none', () => {
    for (const text of [
      '9999999999999999999999',
      'abc',
      '4:abcde',
      '51',
      '2:aaa,',
      '0:a,',
      ':aaa,',
      '3aaa,',
      '01:a,',
      '00:,',
      '+1:a,',
      ' 1:a,',
      '1 :a,',
      '-1:a,',
      '1:a;',
    ]) {
      for (const pieces of chunkings(text))
        expect(listen(...pieces), text).toEqual({ heard: [], closed: true })
    }
    expect(listen('1:a,x')).toEqual({ heard: ['a'], closed: true })
    expect(listen('51').closed).toBe(true)
    expect(listen('5').closed).toBe(false)
  })

  test('reads what it wrote; arbitrary bytes only ever close the connection', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 50 })), (strings) => {
        const writer = new Listener()
        const transport = StringTransport.connect(writer)
        for (const text of strings) writer.sendString(text)
        expect(listen(transport.bytes())).toEqual({ heard: strings, closed: false })
      }),
    )
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 20 })),
        (pieces) => void listen(...pieces.map((piece) => Buffer.from(piece))),
      ),
    )
  })
})
