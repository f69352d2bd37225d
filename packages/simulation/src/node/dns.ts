import { AsyncResource } from 'node:async_hooks'
import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import { DNSLookupError } from '@ropewalk/core'
import type { SimulatedHost } from '../host/simulated-host.ts'
import { nodeHost, replaceMethod } from './node-hosts.ts'

/** Makes lookups by code of hosts ask the name service of the simulation. */
export function standInForDNS(): void {
  replaceMethod(
    dns,
    'lookup',
    (real) =>
      function (name: string, second: Asked | LookupCallback, third?: LookupCallback) {
        const host = nodeHost()
        const [asked, callback] = typeof second === 'function' ? [undefined, second] : [second, third]
        if (host === undefined || typeof callback !== 'function')
          return Reflect.apply(real, dns, [name, second, third])
        const options = optionsOf(asked)
        const call = AsyncResource.bind(callback)
        found(host, name, options).then(
          (all) => call(null, ...(options.all === true ? [all] : [all[0]?.address, all[0]?.family])),
          (error: unknown) => call(error),
        )
        return {}
      },
  )
  replaceMethod(
    dns.promises,
    'lookup',
    (real) =>
      function (name: string, asked?: Asked) {
        const host = nodeHost()
        if (host === undefined) return Reflect.apply(real, dns.promises, [name, asked])
        const options = optionsOf(asked)
        return found(host, name, options).then((all) => (options.all === true ? all : all[0]))
      },
  )
  standInForResolve()
}

function standInForResolve(): void {
  for (const [method, family] of [
    ['resolve4', 4],
    ['resolve6', 6],
    ['resolve', 4],
  ] as const) {
    replaceMethod(
      dns,
      method,
      (real) =>
        function (name: string, ...rest: unknown[]) {
          const host = nodeHost()
          const callback = rest.at(-1)
          if (host === undefined || isOtherRecord(rest[0]) || typeof callback !== 'function')
            return Reflect.apply(real, dns, [name, ...rest])
          const call = AsyncResource.bind(callback as (...args: unknown[]) => void)
          resolved(host, name, family).then(
            (addresses) => call(null, addresses),
            (error: unknown) => call(error),
          )
          return undefined
        },
    )
    replaceMethod(
      dns.promises,
      method,
      (real) =>
        function (name: string, ...rest: unknown[]) {
          const host = nodeHost()
          if (host === undefined || isOtherRecord(rest[0]))
            return Reflect.apply(real, dns.promises, [name, ...rest])
          return resolved(host, name, family)
        },
    )
  }
}

type Asked = LookupOptions | number | undefined
type LookupCallback = (error: unknown, ...found: unknown[]) => void

function optionsOf(asked: Asked): LookupOptions {
  return typeof asked === 'number' ? { family: asked } : (asked ?? {})
}

/** A record type other than A. Node itself looks it up, which fails the run by name. */
function isOtherRecord(type: unknown): boolean {
  return typeof type === 'string' && type !== 'A'
}

async function found(
  host: SimulatedHost,
  name: string,
  { family = 0 }: LookupOptions,
): Promise<readonly LookupAddress[]> {
  const wanted = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : family
  const all = (await addressesOf(host, name, 'getaddrinfo')).map((address) => ({
    address,
    family: isIP(address),
  }))
  const fitting = all.filter((address) => wanted === 0 || address.family === wanted)
  if (fitting.length === 0) throw lookupError('ENOTFOUND', 'getaddrinfo', name)
  return fitting
}

async function resolved(host: SimulatedHost, name: string, family: 4 | 6): Promise<readonly string[]> {
  const addresses = await addressesOf(host, name, family === 4 ? 'queryA' : 'queryAaaa')
  return addresses.filter((address) => isIP(address) === family)
}

async function addressesOf(host: SimulatedHost, name: string, syscall: string): Promise<readonly string[]> {
  if (isIP(name) !== 0) return [name]
  if (name === 'localhost') return ['127.0.0.1']
  try {
    return await host.reactor.lookup(name)
  } catch (error) {
    const isDown = error instanceof DNSLookupError && error.why.includes('did not respond')
    throw lookupError(isDown ? 'EAI_AGAIN' : 'ENOTFOUND', syscall, name)
  }
}

function lookupError(code: keyof typeof ERRNO, syscall: string, hostname: string): Error {
  const fields = { errno: ERRNO[code], code, syscall, hostname }
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), fields)
}

/** As libuv numbers them. */
const ERRNO = { ENOTFOUND: -3008, EAI_AGAIN: -3001 } as const
