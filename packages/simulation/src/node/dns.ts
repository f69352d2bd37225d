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
  for (const [method, family] of RESOLVE) {
    for (const target of [dns, dns.Resolver.prototype])
      replaceMethod(target, method, resolveWithCallback(family))
    for (const target of [dns.promises, dns.promises.Resolver.prototype])
      replaceMethod(target, method, resolveWithPromise(family))
  }
}

type Method = (this: unknown, name: string, ...rest: unknown[]) => unknown

function resolveWithCallback(family: 4 | 6): (real: unknown) => Method {
  return (real) =>
    function (name, ...rest) {
      const host = nodeHost()
      const callback = rest.at(-1)
      if (host === undefined || isOtherRecord(rest[0]) || typeof callback !== 'function')
        return Reflect.apply(real as Method, this, [name, ...rest])
      const call = AsyncResource.bind(callback as (...args: unknown[]) => void)
      resolved(host, name, family, rest[0]).then(
        (addresses) => call(null, addresses),
        (error: unknown) => call(error),
      )
      return {}
    }
}

function resolveWithPromise(family: 4 | 6): (real: unknown) => Method {
  return (real) =>
    function (name, ...rest) {
      const host = nodeHost()
      if (host === undefined || isOtherRecord(rest[0]))
        return Reflect.apply(real as Method, this, [name, ...rest])
      return resolved(host, name, family, rest[0])
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

/** @param options May have `ttl`, to get objects with it. */
async function resolved(
  host: SimulatedHost,
  name: string,
  family: 4 | 6,
  options: unknown,
): Promise<readonly unknown[]> {
  const syscall = family === 4 ? 'queryA' : 'queryAaaa'
  const addresses = (await addressesOf(host, name, syscall)).filter((address) => isIP(address) === family)
  if (addresses.length === 0) throw lookupError('ENODATA', syscall, name)
  const hasTTL = typeof options === 'object' && options !== null && Reflect.get(options, 'ttl') === true
  return hasTTL ? addresses.map((address) => ({ address, ttl: TTL_SECONDS })) : addresses
}

async function addressesOf(host: SimulatedHost, name: string, syscall: string): Promise<readonly string[]> {
  // Code that runs on after a crash gets no reply, and no error that would fail the run.
  if (host.isDown) return new Promise(() => undefined)
  if (isIP(name) !== 0) return [name]
  if (name === 'localhost') return ['127.0.0.1']
  try {
    return await host.reactor.lookup(name)
  } catch (error) {
    const isDown = error instanceof DNSLookupError && error.why.includes('did not respond')
    const failure = syscall === 'getaddrinfo' ? 'EAI_AGAIN' : 'ETIMEOUT'
    throw lookupError(isDown ? failure : 'ENOTFOUND', syscall, name)
  }
}

/** Errors of `resolve` have no number. */
function lookupError(code: string, syscall: string, hostname: string): Error {
  const errno = syscall === 'getaddrinfo' ? ERRNO[code] : undefined
  const fields = { errno, code, syscall, hostname }
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), fields)
}

/** As libuv numbers them. */
const ERRNO: Readonly<Record<string, number>> = { ENOTFOUND: -3008, EAI_AGAIN: -3001 }
const RESOLVE = [
  ['resolve', 4],
  ['resolve4', 4],
  ['resolve6', 6],
] as const
const TTL_SECONDS = 60
