import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Nodemailer from 'nodemailer'
import { expect, test } from 'vitest'
import { requireFresh } from '../../../src/node.ts'
import { expectSameTraces } from './same-traces.ts'

/** Receives mail by SMTP. */
function mailServer(subjects: Set<string>): void {
  net
    .createServer((socket) => {
      let unread = ''
      let body: string[] | undefined
      socket.on('error', () => undefined)
      socket.write('220 mail\r\n')
      socket.setEncoding('utf8').on('data', (data: string) => {
        const lines = (unread + data).split('\r\n')
        unread = lines.pop() ?? ''
        for (const line of lines) {
          if (body === undefined) {
            if (line === 'DATA') body = []
            socket.write(line === 'DATA' ? '354 go\r\n' : '250 ok\r\n')
          } else if (line === '.') {
            for (const field of body) if (field.startsWith('Subject: ')) subjects.add(field.slice(9))
            body = undefined
            socket.write('250 ok\r\n')
          } else body.push(line)
        }
      })
    })
    .listen(25)
}

test('nodemailer sends every mail that is tried again until it succeeds', { timeout: 120_000 }, async () => {
  await expectSameTraces(async (sim) => {
    const subjects = new Set<string>()
    const sent: unknown[] = []
    sim.node('mail', () => mailServer(subjects))
    sim.node('client', async () => {
      // It keeps looked-up names in a module.
      const nodemailer = requireFresh('nodemailer', import.meta.url) as typeof Nodemailer
      const transport = nodemailer.createTransport({
        host: 'mail',
        port: 25,
        ignoreTLS: true,
        connectionTimeout: 2_000,
        greetingTimeout: 2_000,
        socketTimeout: 5_000,
      })
      while (sent.length < 4) {
        const message = {
          from: 'a@example.com',
          to: 'b@example.com',
          subject: `mail ${sent.length}`,
          text: 'hello',
        }
        await transport.sendMail(message).then(
          (mail) => sent.push(mail),
          () => undefined,
        )
        await sleep(1_500)
      }
    })
    sim.injectFaults({
      withinMs: 10_000,
      kinds: ['partition', 'reset', 'hold', 'crash', 'slow names', 'no names'],
    })
    await sim.runUntil(() => sent.length === 4)
    expect([...subjects]).toEqual(['mail 0', 'mail 1', 'mail 2', 'mail 3'])
  })
})
