import type { Request } from '../server/request.ts'

/** Logs an error that the client sees as an error page only, or not at all. */
export function logFault({ reactor, method, path }: Request, what: string, error: unknown): void {
  reactor.log({
    level: 'error',
    namespace: 'ropewalk.http',
    text: '{what}: {method} {path}',
    fields: { what, method, path: path.slice(0, 80) },
    error,
  })
}
