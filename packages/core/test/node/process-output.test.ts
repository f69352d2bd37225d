import { describe, expect, test } from 'vitest'
import { createReactor } from '../../src/index.ts'
import {
  getProcessOutput,
  getProcessOutputAndValue,
  ProcessNotStarted,
  ProcessTerminated,
} from '../../src/process.ts'
import { runProgram } from './run-program.ts'

const rejection = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)

describe('getProcessOutput', () => {
  const reactor = createReactor()

  test('returns the output of a command without input', async () => {
    expect((await getProcessOutput('sh', ['-c', 'cat; echo hello; echo ignored >&2'])).toString()).toBe(
      'hello\n',
    )
    expect((await getProcessOutput('true', [], { reactor })).length).toBe(0)
  })

  test('rejects with the standard error as the cause when the status is not 0', async () => {
    const failed = await rejection(
      getProcessOutput('sh', ['-c', 'echo "no such luck" >&2; exit 4'], { reactor }),
    )
    expect(failed).toBeInstanceOf(ProcessTerminated)
    expect(failed).toMatchObject({ exitCode: 4, cause: { message: 'no such luck' } })
    expect(await rejection(getProcessOutput('false', [], { reactor }))).not.toHaveProperty('cause')
  })

  test('rejects with the reason when a command cannot be started', async () => {
    const failed = await rejection(getProcessOutput('no-such-command-anywhere', [], { reactor }))
    expect(failed).toBeInstanceOf(ProcessNotStarted)
  })
})

describe('getProcessOutputAndValue', () => {
  const reactor = createReactor()

  test('returns output, errors and status, whatever the status', async () => {
    const options = { reactor, cwd: '/', env: { LUCK: 'good', PATH: process.env['PATH'] } }
    const ran = await getProcessOutputAndValue('sh', ['-c', 'pwd; echo "$LUCK" >&2; exit 5'], options)
    expect([ran.output.toString(), ran.errors.toString(), ran.exitCode]).toEqual(['/\n', 'good\n', 5])
  })

  test('rejects with the output until then when a signal ended the command', async () => {
    const script = 'echo half; echo a fault >&2; kill -9 $$'
    const failed = await rejection(getProcessOutputAndValue('sh', ['-c', script], { reactor }))
    expect(failed).toMatchObject({ signal: 'SIGKILL', message: 'Process was ended by SIGKILL' })
    expect(failed).toMatchObject({ output: Buffer.from('half\n'), errors: Buffer.from('a fault\n') })
    expect(failed).not.toHaveProperty('cause')
  })

  test('does not end a process that ignores the rejection of a command which the stop has ended', async () => {
    const ended = await runProgram(`
      import { getProcessOutput } from '@ropewalk/core'
      reactor.callWhenRunning(() => {
        void getProcessOutput('sleep', ['100']).then(() => console.log('never'))
        void reactor.stop()
      })
      const { completed } = await reactor.run()
      console.log(completed.length)`)
    expect(ended).toMatchObject({ code: 0, output: '1\n' })
  })

  test('kills a command that writes more than maxBytes, and rejects with that cause', async () => {
    const failed = await rejection(getProcessOutputAndValue('yes', [], { reactor, maxBytes: 1000 }))
    expect(failed).toBeInstanceOf(ProcessTerminated)
    expect(failed).toMatchObject({
      signal: 'SIGKILL',
      cause: { message: 'Cannot wait for yes: it wrote more than 1000 bytes' },
    })
    const exact = await getProcessOutputAndValue('echo', ['12'], { reactor, maxBytes: 3 })
    expect(exact.output.toString()).toBe('12\n')
  })

  test('kills a command that takes longer than timeoutMs, and leaves no timer of a faster one', async () => {
    const failed = await rejection(getProcessOutputAndValue('sleep', ['100'], { reactor, timeoutMs: 20 }))
    expect(failed).toMatchObject({
      signal: 'SIGKILL',
      cause: { message: 'Cannot wait for sleep: it took longer than 20 ms' },
      output: Buffer.alloc(0),
    })
    await getProcessOutputAndValue('true', [], { reactor, timeoutMs: 60_000 })
    expect(reactor.getDelayedCalls()).toEqual([])
  })

  test('rejects instead of returning partial output when a process of the command holds the pipes', async () => {
    const script = 'exec 3<&0; (read line <&3; sleep 5) & echo half; exit 0'
    const failed = await rejection(getProcessOutput('sh', ['-c', script], { reactor, timeoutMs: 500 }))
    expect(failed).toBeInstanceOf(ProcessTerminated)
    expect(failed).toMatchObject({
      exitCode: 0,
      message: 'Process ended with status 0: Cannot wait for sh: it took longer than 500 ms',
      cause: { message: 'Cannot wait for sh: it took longer than 500 ms' },
      output: Buffer.from('half\n'),
    })
  })

  test('kills the command when its signal aborts, and rejects with the reason', async () => {
    const enough = new AbortController()
    const running = rejection(getProcessOutputAndValue('sleep', ['100'], { reactor, signal: enough.signal }))
    enough.abort(new Error('that was enough'))
    expect(await running).toBe(enough.signal.reason)
    const late = getProcessOutputAndValue('sleep', ['100'], { reactor, signal: enough.signal })
    expect(await rejection(late)).toBe(enough.signal.reason)
  })
})
