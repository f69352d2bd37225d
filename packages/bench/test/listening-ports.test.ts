import { describe, expect, it } from 'vitest'
import { hasListener } from '../src/listening-ports.ts'

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1
   1: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1235 1
   2: 0200007F:0051 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1236 1
   3: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1237 1
`

describe('hasListener', () => {
  it('finds a listener on 127.0.0.1 and on all addresses', () => {
    expect([8080, 80].map((port) => hasListener(TABLE, port))).toEqual([true, true])
  })
  it('finds no listener on another address or port, and no connection', () => {
    expect([81, 8081, 8082].map((port) => hasListener(TABLE, port))).toEqual([false, false, false])
  })
})
