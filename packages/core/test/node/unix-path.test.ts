import { describe, expect, test } from 'vitest'
import { createReactor } from '../../src/node/node-reactor.ts'
import { assertUnixPath } from '../../src/node/unix-path.ts'
import { Recorder } from '../../src/testing/checks/recorder.ts'
import { OneProtocol } from '../one-protocol.ts'

describe('a path of a UNIX socket', () => {
  test('is refused where the system would cut it, by bytes', () => {
    expect(() => assertUnixPath('x'.repeat(107), 'linux')).not.toThrow()
    expect(() => assertUnixPath('x'.repeat(108), 'linux')).toThrow('at most 107 bytes, and this one 108')
    expect(() => assertUnixPath('ß'.repeat(54), 'linux')).toThrow('this one 108')
    expect(() => assertUnixPath('x'.repeat(104), 'darwin')).toThrow('at most 103 bytes')
    expect(() => assertUnixPath('x'.repeat(500), 'win32')).not.toThrow()
  })

  test('that is too long is neither listened on nor connected to', async () => {
    const reactor = createReactor()
    const path = `/tmp/${'y'.repeat(200)}`
    await expect(reactor.listenUNIX(path, new OneProtocol(new Recorder()))).rejects.toMatchObject({
      name: 'CannotListenError',
      code: 'ENAMETOOLONG',
    })
    expect(() => reactor.connectUNIX(path, new OneProtocol(new Recorder()))).toThrow('at most')
  })
})
