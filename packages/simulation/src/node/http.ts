import { Agent, OutgoingMessage, ServerResponse } from 'node:http'
import type { SimulatedHost } from '../host/simulated-host.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/** What of `node:http` is shared by all code of a process, and must belong to one host. */
export function standInForHTTP(): void {
  // Agents keep connections by name: the global one would give a connection of one host to another.
  replaceMethod(
    Agent.prototype,
    'getName',
    (real) =>
      function (this: Agent, ...args) {
        const host = nodeHost()
        const name = String(Reflect.apply(real, this, args))
        if (host === undefined) return name
        AGENTS.add(this)
        return `${name}${OF_HOST}${host.name}:${LIVES.of(host)}`
      },
  )

  // Node keeps the text of its Date header for a second, by the real clock.
  replaceMethod(
    OutgoingMessage.prototype,
    '_storeHeader',
    (real) =>
      function (this: OutgoingHead, firstLine: string, headers: unknown) {
        if (
          nodeHost() === undefined ||
          !this.sendDate ||
          !(this instanceof ServerResponse) ||
          hasDate(this, headers)
        )
          return Reflect.apply(real, this, [firstLine, headers])
        this.sendDate = false
        const line = `${firstLine}Date: ${new Date().toUTCString()}\r\n`
        return Reflect.apply(real, this, [line, headers])
      },
  )
}

/** Makes agents forget the connections of hosts, when another simulation begins. */
export function forgetAgentsOfHosts(): void {
  for (const agent of AGENTS)
    for (const pool of [agent.sockets, agent.freeSockets, agent.requests])
      for (const name of Object.keys(pool)) if (name.includes(OF_HOST)) Reflect.deleteProperty(pool, name)
  AGENTS.clear()
}

interface OutgoingHead extends OutgoingMessage {
  sendDate: boolean
}

/** @param headers An object, pairs, or names and values in turn. */
function hasDate(message: OutgoingMessage, headers: unknown): boolean {
  if (message.hasHeader('date')) return true
  if (typeof headers !== 'object' || headers === null) return false
  const names = Array.isArray(headers) ? (headers.flat(1) as unknown[]) : Object.keys(headers)
  return names.some((name) => typeof name === 'string' && name.toLowerCase() === 'date')
}

/** Numbers the runs of hosts: what a host had before a crash is not its own any more. */
class LifeNumbers {
  #last = 0
  readonly #known = new WeakMap<object, number>()

  of(host: SimulatedHost): number {
    const life = host.life ?? host
    const number = this.#known.get(life) ?? ++this.#last
    this.#known.set(life, number)
    return number
  }
}

const LIVES = new LifeNumbers()
/** The agents that have connections of hosts. */
const AGENTS = new Set<Agent>()
const OF_HOST = ':host '
