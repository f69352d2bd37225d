import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { buildSync } from 'esbuild'
import { expect, test } from 'vitest'

test('@ropewalk/websocket/codec works without Buffer, process and the modules of Node', () => {
  const context = createContext({ TextDecoder, TextEncoder, atob })
  expect(runInContext('typeof Buffer + typeof process + typeof require', context)).toBe(
    'undefinedundefinedundefined',
  )
  runInContext(entry(), context)
  expect(runInContext(CONVERSATION, context)).toBe('text Grüße; bytes 200000; ping 2; close 1000 done; 1007')
})

/** The entry with all that it imports, as a script that defines `codec`. */
function entry(): string {
  const { outputFiles, metafile } = buildSync({
    entryPoints: [fileURLToPath(new URL('../src/codec.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'codec',
    // Modules of Node are an error.
    platform: 'browser',
    metafile: true,
    write: false,
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs.filter((path) => !/websocket\/src\/(?:codec|errors)|core\/src\/options/.test(path))).toEqual(
    [],
  )
  return outputFiles[0]?.text ?? ''
}

const CONVERSATION = `(() => {
  const { FrameWriter, MessageReader, ReceivedBytes, WebSocketError } = codec
  const received = new ReceivedBytes()
  const sink = { write: (data) => (received.push(data), true) }
  const randomBytes = (count) => new Uint8Array(count).fill(0xa5)
  const writer = new FrameWriter({ role: 'client', randomBytes })
  writer.text('Grüße', sink)
  writer.bytes(new Uint8Array(200_000).fill(7), sink)
  writer.ping(Uint8Array.of(1, 2), sink)
  writer.close({ code: 1000, reason: 'done' }, sink)
  const reader = new MessageReader({ role: 'server' })
  const seen = []
  for (let event = reader.next(received); event !== undefined; event = reader.next(received)) {
    if (event.type === 'text') seen.push('text ' + event.text)
    else if (event.type === 'bytes') seen.push('bytes ' + event.data.filter((byte) => byte === 7).length)
    else if (event.type === 'ping') seen.push('ping ' + event.payload[1])
    else if (event.type === 'close') seen.push('close ' + event.code + ' ' + event.reason)
  }
  try {
    received.push(Uint8Array.of(0x81, 1, 0xff))
    new MessageReader({ role: 'client' }).next(received)
  } catch (error) {
    seen.push(error.closeCode)
  }
  return seen.join('; ')
})()`
