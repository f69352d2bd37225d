import http from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { Agent, request } from 'undici'
import { expect, test } from 'vitest'
import type { Simulation } from '../../../src/index.ts'
import { expectSameTraces } from './same-traces.ts'

const FAULTS = {
  withinMs: 10_000,
  kinds: ['partition', 'reset', 'hold', 'crash', 'kill', 'slow link'],
} as const

/** Calls `attempt` until it succeeds for each of five items. */
async function eachItem(attempt: (item: number) => Promise<unknown>): Promise<void> {
  for (let item = 0; item < 5; item++) {
    while (
      !(await attempt(item).then(
        () => true,
        () => false,
      ))
    )
      await sleep(700)
    await sleep(1_000)
  }
}

/** Runs a server and a client that puts five items there, under faults. */
async function putAll(
  sim: Simulation,
  server: (put: (item: number) => void) => unknown,
  client: () => unknown,
): Promise<void> {
  const items = new Set<number>()
  let isDone = false
  sim.node('server', () => server((item) => items.add(item)))
  sim.node('client', async () => {
    await client()
    isDone = true
  })
  sim.injectFaults(FAULTS)
  await sim.runUntil(() => isDone)
  expect([...items]).toEqual([0, 1, 2, 3, 4])
}

function put(item: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify({ item })
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    const options = { host: 'server', method: 'POST', path: '/items', headers, timeout: 3_000 }
    const outgoing = http.request(options, (response) => {
      if (response.statusCode === 201) resolve(text(response))
      else reject(new Error(`Status ${response.statusCode}`))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('timeout')))
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

async function fetched(item: number): Promise<unknown> {
  const body = JSON.stringify({ item })
  const headers = { 'content-type': 'application/json' }
  const signal = AbortSignal.timeout(3_000)
  const response = await fetch('http://server/items', { method: 'POST', headers, body, signal })
  if (response.status !== 201) throw new Error(`Status ${response.status}`)
  return response.text()
}

interface Item {
  readonly item: number
}

test('Express and node:http', { timeout: 120_000 }, async () => {
  const server = (add: (item: number) => void): void => {
    const app = express()
    app.use(express.json())
    app.post('/items', (incoming, response) => {
      add((incoming.body as Item).item)
      response.status(201).json({ ok: true })
    })
    app.listen(80)
  }
  await expectSameTraces((sim) => putAll(sim, server, () => eachItem(put)))
})

test('Fastify and fetch', { timeout: 120_000 }, async () => {
  const server = async (add: (item: number) => void): Promise<void> => {
    const app = fastify()
    app.post('/items', async (incoming, reply) => {
      add((incoming.body as Item).item)
      return reply.status(201).send({ ok: true })
    })
    await app.listen({ port: 80, host: '0.0.0.0' })
  }
  await expectSameTraces((sim) => putAll(sim, server, () => eachItem(fetched)))
})

test('Hono and undici', { timeout: 120_000 }, async () => {
  const server = (add: (item: number) => void): void => {
    const app = new Hono()
    app.post('/items', async (context) => {
      add((await context.req.json<Item>()).item)
      return context.json({ ok: true }, 201)
    })
    serve({ fetch: app.fetch, port: 80 })
  }
  const client = async (): Promise<void> => {
    const dispatcher = new Agent({ connect: { timeout: 2_000 }, headersTimeout: 3_000, bodyTimeout: 3_000 })
    await eachItem(async (item) => {
      const body = JSON.stringify({ item })
      const headers = { 'content-type': 'application/json' }
      const response = await request('http://server/items', { method: 'POST', headers, body, dispatcher })
      await response.body.text()
      if (response.statusCode !== 201) throw new Error(`Status ${response.statusCode}`)
    })
  }
  await expectSameTraces((sim) => putAll(sim, server, client))
})
