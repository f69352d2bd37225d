import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { TYPESCRIPT } from './example-process.ts'

/**
 * Programs with a process() that does not await its work, and a client that sends an invalid or incomplete
 * request.
 */
describe('a request processed in a promise that nothing awaits', () => {
  const POST = 'POST / HTTP/1.1\\r\\nHost: h\\r\\n'
  const run = (processing: string, bytes: string): Promise<Ended> =>
    runProgram(`
      import { connect } from 'node:net'
      import { reactor } from './packages/core/src/index.ts'
      import { HTTPFactory } from './packages/http/src/index.ts'
      class Unawaited extends HTTPFactory {
        process(request) { void (async () => { ${processing} })() }
      }
      const options = { maxBodyBytes: 100, bodyTimeoutMs: 200, responseTimeoutMs: 200 }
      const port = await reactor.listenTCP(0, new Unawaited(options), { interface: '127.0.0.1' })
      reactor.callWhenRunning(() => {
        const client = connect(port.getHost().port, '127.0.0.1')
        client.write('${bytes}')
        client.on('data', (data) => console.log(data.toString().slice(0, 12)))
        client.on('close', () => void reactor.stop())
      })
      await reactor.run()
      console.log('over')
    `)

  const READ = 'for await (const piece of request.body) piece; request.finish()'
  test.each<[string, string, string, number, RegExp]>([
    ['malformed chunks', READ, 'Transfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n', 400, /RemoteProtocolError/],
    [
      'a body that is too large',
      READ,
      'Transfer-Encoding: chunked\\r\\n\\r\\nfff\\r\\n',
      413,
      /RemoteProtocolError/,
    ],
    ['a body that is too slow', READ, 'Content-Length: 9\\r\\n\\r\\nabc', 408, /HTTPError: Request Timeout/],
    [
      'a body that is not JSON',
      'await request.body.json()',
      'Content-Type: application/json\\r\\nContent-Length: 1\\r\\n\\r\\n{',
      503,
      /HTTPError: Cannot read the body/,
    ],
    [
      'a body that is not a form',
      'await request.body.formData()',
      '\\r\\n',
      503,
      /HTTPError: Cannot read a form/,
    ],
    [
      'a body that is slower than the response',
      `request.setHeader('Connection', 'close'); request.reactor.callLater(50, () => request.finish()); ${READ}`,
      'Content-Length: 9\\r\\n\\r\\nabc',
      200,
      /LocalProtocolError: Cannot read on[^]*RemoteProtocolError: The body had not all come/,
    ],
    [
      'a late response',
      'await request.finished; request.signal.throwIfAborted()',
      '\\r\\n',
      503,
      /HTTPError: Serv/,
    ],
  ])('does not end the process after %s', async (_name, processing, rest, status, logged) => {
    const ended = await run(processing, `${POST}${rest}`)
    expect([ended.code, ended.output]).toEqual([0, `HTTP/1.1 ${status}\nover\n`])
    expect(ended.errors).toMatch(logged)
  })

  test('ends the process after an error of the program', async () => {
    const ended = await run('throw new TypeError("mine")', `${POST}\\r\\n`)
    expect([ended.code, ended.output]).toEqual([1, ''])
    expect(ended.errors).toMatch(/TypeError: mine/)
  })
})

/** How a program ended, and what it wrote. */
interface Ended {
  readonly code: number
  readonly output: string
  readonly errors: string
}

/** Runs `source` in its own process, at the root of the repository. */
function runProgram(source: string): Promise<Ended> {
  const args = [...TYPESCRIPT, '--input-type=module', '--eval', source]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT }, (error, output, errors) =>
      resolve({ code: Number(error?.code ?? 0), output, errors }),
    )
  })
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
