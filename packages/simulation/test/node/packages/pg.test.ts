import net, { type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { expect, test } from 'vitest'
import { expectSameTraces } from './same-traces.ts'

/** A message of PostgreSQL's protocol: type, length, body. */
function message(type: string, ...parts: readonly (string | number)[]): Buffer {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(`${part}\0`)
      const number = Buffer.alloc(4)
      number.writeInt32BE(part)
      return number
    }),
  )
  const head = Buffer.alloc(5, type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** A database with one table, to which `insert N` adds a row. Every user may log in. */
function database(rows: Set<string>): void {
  const serve = (socket: Socket): void => {
    let unread = Buffer.alloc(0)
    let hasBegun = false
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      unread = Buffer.concat([unread, data])
      for (;;) {
        const at = hasBegun ? 1 : 0
        const length = unread.length < at + 4 ? Infinity : unread.readInt32BE(at) + at
        if (unread.length < length) return
        const taken = unread.subarray(0, length)
        unread = unread.subarray(length)
        if (!hasBegun) {
          hasBegun = true
          socket.write(Buffer.concat([message('R', 0), message('S', 'server_version', '17'), READY]))
        } else if (taken[0] === 0x51) {
          rows.add(taken.toString('latin1', 5, length - 1))
          socket.write(Buffer.concat([message('C', 'INSERT 0 1'), READY]))
        } else socket.end()
      }
    })
  }
  net.createServer(serve).listen(5432)
}

test('a pool of pg connects again after faults', { timeout: 120_000 }, async () => {
  await expectSameTraces(async (sim) => {
    const rows = new Set<string>()
    const inserted: unknown[] = []
    sim.node('database', () => database(rows))
    sim.node('client', async () => {
      const pool = new pg.Pool({
        host: 'database',
        user: 'app',
        password: 'secret',
        connectionTimeoutMillis: 2_000,
        query_timeout: 3_000,
        max: 2,
      })
      pool.on('error', () => undefined)
      while (inserted.length < 8) {
        await pool.query(`insert ${inserted.length}`).then(
          (result) => inserted.push(result),
          () => undefined,
        )
        await sleep(700)
      }
      await pool.end()
    })
    sim.injectFaults({ withinMs: 10_000, kinds: ['partition', 'one way', 'reset', 'hold', 'crash'] })
    await sim.runUntil(() => inserted.length === 8)
    expect(rows.size).toBe(8)
  })
})
