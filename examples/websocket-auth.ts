// Two ways to authenticate a WebSocket. /by-cookie takes the user of a session, before the 101. /by-message takes a
// token as the first message, for programs that cannot send a cookie or a header.
// Usage: websocket-auth.ts [ENDPOINT]. Open it in a browser and log in as ada, with the password lovelace.
import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { Deadline } from '@ropewalk/core/time'
import { HTTPError, type Request, Resource, Site } from '@ropewalk/http'
import {
  equalInConstantTime,
  getSession,
  passwordCheck,
  SessionKey,
  sessions,
} from '@ropewalk/http/resources'
import { html, redirectTo } from '@ropewalk/http/static'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

interface User {
  readonly name: string
  /** The session that it has logged in with. */
  readonly session: string
}

/** A restart ends its sessions, and changes the token. */
const secrets = { session: randomBytes(32), token: randomBytes(16).toString('hex') }
const isPassword = passwordCheck({ ada: 'lovelace', grace: 'hopper' })
const NAME = new SessionKey<string>('name')

/** The user is known when the protocol is built: `this.user`. */
class ByCookie extends WebSocketProtocol<User> {
  override negotiationFinished() {
    this.transport.sendTextMessage(`Hello, ${this.user.name}`)
  }
  override textMessageReceived(text: string) {
    this.transport.sendTextMessage(`${this.user.name}: ${text}`)
  }
}

/** Anyone opens it; until the token has come nothing else is accepted, and not for long. */
class ByMessage extends WebSocketProtocol {
  #deadline: Deadline | undefined

  override negotiationFinished() {
    this.#deadline = new Deadline(this.transport.reactor, () =>
      this.transport.loseConnection(4408, `Send the token within ${TOKEN_TIMEOUT_MS} ms`),
    )
    this.#deadline.set(TOKEN_TIMEOUT_MS)
  }
  override textMessageReceived(text: string) {
    if (this.#deadline === undefined) this.transport.sendTextMessage(`backup: ${text}`)
    else if (equalInConstantTime(text, secrets.token)) this.#accept()
    else this.transport.loseConnection(4401, 'The token is wrong')
  }
  override bytesMessageReceived() {
    if (this.#deadline !== undefined) this.transport.loseConnection(4401, 'Send the token as text')
  }
  override connectionLost() {
    this.#deadline?.clear()
  }

  #accept() {
    this.#deadline?.clear()
    this.#deadline = undefined
    this.transport.sendTextMessage('Hello, backup')
  }
}

const TOKEN_TIMEOUT_MS = 5_000
const LIMITS = { maxConnections: 1_000, maxMessageBytes: 4_096, maxMessagesPerSecond: 20 }

const byCookie = WebSocketResource.forProtocol(ByCookie, {
  ...LIMITS,
  authenticate: async (request): Promise<User> => {
    const session = await getSession(request)
    const name = session.get(NAME)
    if (name === undefined)
      throw new HTTPError(401, 'Log in first', { headers: [['WWW-Authenticate', 'Form']] })
    return { name, session: session.uid }
  },
})
// A program has no origin, and the pages of others do not have the token: any of them may open it.
const byMessage = WebSocketResource.forProtocol(ByMessage, { ...LIMITS, origins: 'any' })

const root = new Resource()
root.putChild('by-cookie', byCookie)
root.putChild('by-message', byMessage)
root.route('GET /', async (request) => {
  const name = (await getSession(request)).get(NAME)
  return name === undefined ? LOGIN_PAGE : talkPage(name)
})
root.route('POST /login', async (request) => {
  const form = await request.body.formData({ maxBytes: 4_096 })
  const [name, password] = [form.get('name'), form.get('password')]
  if (typeof name !== 'string' || typeof password !== 'string' || !isPassword(name, password))
    throw new HTTPError(403, 'The name or password is wrong')
  const session = await getSession(request)
  session.renewId()
  session.set(NAME, name)
  return redirectTo('/', request, 303)
})
root.route('POST /logout', logOut)

/** A WebSocket that was opened before outlives its cookie, unless it is closed here. */
async function logOut(request: Request) {
  const session = await getSession(request)
  for (const { transport, user } of byCookie.connections)
    if (user.session === session.uid) transport.loseConnection(4401, 'Logged out')
  session.expire()
  return redirectTo('/', request, 303)
}

const LOGIN_PAGE = html`<!doctype html>
  <html lang="en">
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Log in</title>
    <h1>Log in</h1>
    <form method="post" action="/login">
      <p>
        <label>Name <input name="name" value="ada" autocomplete="username" /></label>

      <p>
        <label>Password <input name="password" type="password" autocomplete="current-password" /></label>

      <p><button>Log in</button>
    </form>
   `

function talkPage(name: string) {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>WebSocket of ${name}</title>
      <h1>Logged in as ${name}</h1>
      <form method="post" action="/logout"><button>Log out</button></form>
      <form id="form"><input id="text" aria-label="Message" autofocus /> <button>Send</button></form>
      <pre id="log" aria-live="polite"></pre>
      <script src="/talk.js"></script>
     `
}

root.route('GET /talk.js', (request) => {
  request.setHeader('Content-Type', 'text/javascript; charset=utf-8')
  return TALK
})
const TALK = `const [form, text, log] = ['form', 'text', 'log'].map((id) => document.getElementById(id))
const socket = new WebSocket(location.origin.replace(/^http/, 'ws') + '/by-cookie')
const show = (line) => { log.textContent += line + '\\n' }
socket.onmessage = (event) => show(event.data)
socket.onclose = ({ code, reason }) => show('Closed with code ' + code + (reason ? ': ' + reason : ''))
form.onsubmit = (event) => {
  event.preventDefault()
  socket.send(text.value)
  text.value = ''
}
`

/** The service, with sessions in front of all of it. */
export const site = new Site(sessions(root, { keys: [secrets.session] }))

if (import.meta.filename === realpathSync(process.argv[1] ?? '')) {
  try {
    const endpoint = serverFromString(reactor, process.argv[2] ?? 'tcp:8080:interface=127.0.0.1')
    const url = `http://${formatAddress((await endpoint.listen(site)).getHost())}/`
    reactor.callWhenRunning(() => {
      console.log(`Open ${url} in a browser, and log in as ada, with the password lovelace.`)
      console.log(`The token for /by-message is ${secrets.token}. Press Ctrl-C to stop.`)
    })
    await reactor.run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exit(2)
  }
}
