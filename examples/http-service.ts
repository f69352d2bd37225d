// A web service: items as JSON, the files of docs/, and a login with a session. Try it with:
// curl -H 'Content-Type: application/json' -d '{"name":"tea"}' http://127.0.0.1:8080/items
import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { HTTPError, Resource, Site, statusOf } from '@ropewalk/http'
import { getSession, SessionKey, sessions } from '@ropewalk/http/resources'
import { File, redirectTo } from '@ropewalk/http/static'

const items: { id: number; name: string }[] = []
const USER = new SessionKey<string>('user')
const root = new Resource()
root.putChild('files', new File(join(import.meta.dirname, '../docs'), { directoryListing: true }))
root.route('GET /items', () => items)
root.route('POST /items', async (request) => {
  const body = await request.body.json({ maxBytes: 4096 })
  const { name } = Object(body) as { readonly name?: unknown }
  if (typeof name !== 'string') throw new HTTPError(400, 'Send JSON: { "name": string }')
  if (items.length >= 10_000) throw new HTTPError(503, 'There are 10 000 items already')
  const item = { id: items.length + 1, name }
  items.push(item)
  request.setResponseCode(201)
  return item
})
root.route('GET /items/:id', (_request, { id }) => {
  const item = items.find((one) => String(one.id) === id)
  if (item === undefined) throw new HTTPError(404, 'There is no such item')
  return item
})
root.route('POST /login', async (request) => {
  const name = (await request.body.formData({ maxBytes: 4096 })).get('name')
  if (typeof name !== 'string' || name === '') throw new HTTPError(400, 'Send a form with a name')
  const session = await getSession(request)
  session.renewId()
  session.set(USER, name)
  return redirectTo('/me', request, 303)
})
root.route('GET /me', async (request) => {
  const name = (await getSession(request)).get(USER)
  if (name === undefined) throw new HTTPError(403, 'Log in first')
  request.setHeader('Content-Type', 'text/plain; charset=utf-8')
  return name
})
/** The service. A restart ends its sessions: they are in memory, and it makes a new key. */
export const site = new Site(sessions(root, { keys: [randomBytes(32)] }))
site.errorPage = (error, request) =>
  request?.path.startsWith('/items') && statusOf(error) < 500 ? { error: error.message } : undefined
if (import.meta.filename === realpathSync(process.argv[1] ?? '')) {
  try {
    const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
    const url = `http://${formatAddress((await endpoint.listen(site)).getHost())}/`
    reactor.callWhenRunning(() => console.log(`Listening on ${url}. Press Ctrl-C to stop.`))
    await reactor.run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}
