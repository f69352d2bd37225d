/**
 * Programs for other servers as resources: Express, Fastify, Hono and fetch functions.
 *
 * @module
 */
export { type FetchContext, type FetchFunction, FetchResource } from './mount/fetch-resource.ts'
export type { MountOptions } from './mount/mount-target.ts'
export { type NodeListener, NodeResource } from './mount/node-resource.ts'
