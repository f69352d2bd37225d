import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { ExampleProcess } from './example-process.ts'

describe('examples/udp-echo.ts', () => {
  test('sends back every datagram, also an empty one, and stops cleanly on Ctrl-C', async () => {
    const example = await ExampleProcess.startWith('udp-echo', ['0'])
    const client = createSocket('udp4')
    for (const text of ['hello', '', 'größer']) {
      client.send(text, example.port, '127.0.0.1')
      const [data, from] = await once(client, 'message')
      expect([String(data), from.port]).toEqual([text, example.port])
    }
    client.close()
    await example.finish()
  })

  test('prints one line about an invalid or used port, and exits with 2', async () => {
    const { code, errors } = await ExampleProcess.run('udp-echo', 'eighty')
    expect([code, errors]).toEqual([
      2,
      'Cannot take port NaN for listenUDP: give a whole number, 0 to 65535\n',
    ])
    const example = await ExampleProcess.startWith('udp-echo', ['0'])
    const second = await ExampleProcess.run('udp-echo', String(example.port))
    expect(second.errors).toBe(
      `Cannot listen on 127.0.0.1:${example.port}: the address is in use (EADDRINUSE)\n`,
    )
    await example.finish()
  })
})
