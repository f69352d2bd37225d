import { describe, expect, test } from 'vitest'
import { WireDuplex } from '../../src/tls/wire-duplex.ts'
import { RecordingWire } from '../recording-wire.ts'

describe('WireDuplex', () => {
  test('writes what was unsent before anything else, once the wire is free', () => {
    const wire = new RecordingWire()
    const duplex = new WireDuplex({ wire, unsent: ['plain'], busy: true })
    duplex.write('protected')
    expect(wire.sent).toEqual([])
    duplex.wireWritable()
    expect(wire.sent.map(String)).toEqual(['plain', 'protected'])
  })

  test('ends the wire behind all that was written', () => {
    const wire = new RecordingWire()
    const duplex = new WireDuplex({ wire, unsent: [], busy: true })
    duplex.end('last')
    expect(wire.calls).toEqual([])
    duplex.wireWritable()
    expect(wire.calls.at(-1)).toBe('end')
  })

  test('pauses the wire while nobody reads, and resumes it', () => {
    const wire = new RecordingWire()
    const duplex = new WireDuplex({ wire, unsent: [], busy: false })
    for (let count = 0; count < 10; count++) duplex.received(Buffer.alloc(65_536))
    expect(wire.calls).toEqual(['pause'])
    while (duplex.read() !== null);
    expect(wire.calls).toEqual(['pause', 'resume'])
  })
})
