// A WebSocket echo server that shares its port with HTTP: a page at /, and an echo for an upgrade on any
// path. Usage: websocket-echo.ts [PORT | ENDPOINT] [--max-message-bytes N] [--deflate]
import { parseArgs } from 'node:util'
import { type Address, CannotListenError, formatAddress, reactor } from '@ropewalk/core'
import { serverFromString } from '@ropewalk/core/endpoints'
import { type Request, Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void | Promise<void> {
    if (this.transport.sendTextMessage(text) !== 'sent') return this.#catchUp()
  }
  override bytesMessageReceived(data: Buffer): void | Promise<void> {
    if (this.transport.sendBytesMessage(data) !== 'sent') return this.#catchUp()
  }
  /** A peer that sends without reading must not fill our memory: the next message waits until it has read. */
  async #catchUp(): Promise<void> {
    await this.transport.drained()
  }
}

class Page extends Resource {
  override readonly isLeaf = true
  readonly #echo: WebSocketResource

  constructor(echo: WebSocketResource) {
    super()
    this.#echo = echo
  }

  override render(request: Request): ReturnType<Resource['render']> {
    return request.requestHeaders.hasHeader('Upgrade') ? this.#echo.render(request) : super.render(request)
  }

  override render_GET(request: Request): string {
    request.setHeader('Content-Type', 'text/html; charset=utf-8')
    return PAGE
  }
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Ropewalk echo</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; box-sizing: border-box; max-width: 42rem; height: 100vh; height: 100dvh; margin: 0 auto; padding: 2rem 1rem 1rem; display: flex; flex-direction: column; color: #1d2b36; background: #f7f4ee }
  h1 { font-size: 1.4rem; margin: 0 } #state { color: #6b7780; margin: 0 0 1rem }
  #talk { list-style: none; padding: 0; margin: 0 0 1rem; flex: 1; min-height: 0; overflow-y: auto }
  #talk li { width: fit-content; max-width: 80%; padding: .35rem .8rem; margin: .4rem 0; border-radius: .8rem; overflow-wrap: anywhere }
  .sent { margin-left: auto !important; background: #2f6f6a; color: #fff } .received { background: #fff; border: 1px solid #ddd5c6 }
  form { display: flex; gap: .5rem } input { flex: 1; min-width: 0 } input, button { font: inherit; padding: .5rem .8rem; border: 1px solid #c9bfab; border-radius: .5rem }
  button { background: #b5552d; color: #fff; border-color: #b5552d } button:disabled { opacity: .5 }
</style>
<h1>Echo over a WebSocket</h1>
<p id="state">Connecting…</p>
<ul id="talk" aria-live="polite"></ul>
<form id="form"><input id="text" aria-label="Message" autocomplete="off" autofocus placeholder="Type a message"><button disabled>Send</button></form>
<script>
  const [state, talk, form, text] = ['state', 'talk', 'form', 'text'].map((id) => document.getElementById(id))
  const button = form.querySelector('button')
  let socket, retryMs
  function show(kind, words) {
    talk.append(Object.assign(document.createElement('li'), { className: kind, textContent: words }))
    talk.scrollTop = talk.scrollHeight
  }
  function connect() {
    state.textContent = 'Connecting…'
    socket = new WebSocket(location.href.replace(/^http/, 'ws').replace(/#.*/, ''))
    socket.onopen = () => {
      retryMs = 1000
      button.disabled = false
      state.textContent = 'Connected. What you send comes back.'
    }
    socket.onmessage = (event) => show('received', event.data)
    socket.onclose = ({ code, reason }) => {
      button.disabled = true
      const waitMs = retryMs ?? 1000
      retryMs = Math.min(waitMs * 2, 30_000)
      const closed = code === 1006 ? 'Not connected' : 'Closed with code ' + code + (reason ? ': ' + reason : '')
      state.textContent = closed + '. Connecting again in ' + waitMs / 1000 + ' s.'
      setTimeout(connect, waitMs)
    }
  }
  addEventListener('resize', () => { talk.scrollTop = talk.scrollHeight })
  form.onsubmit = (event) => {
    event.preventDefault()
    if (socket.readyState !== WebSocket.OPEN || text.value === '') return
    show('sent', text.value)
    socket.send(text.value)
    text.value = ''
  }
  connect()
</script>
`

/** A port number alone listens on loopback; the endpoint `tcp:9000` listens on every network. */
function endpointOf(where: string): string {
  return /^\d+$/.test(where) ? `tcp:${where}:interface=127.0.0.1` : where
}

/** A URL that a browser on this machine can open. */
function urlOf(address: Address): string {
  const isWildcard = address.type === 'TCP' && ['0.0.0.0', '::'].includes(address.host)
  return `http://${isWildcard ? `localhost:${address.port}` : formatAddress(address)}/`
}

function explain(error: unknown): string {
  const isTaken = error instanceof CannotListenError && error.code === 'EADDRINUSE'
  const hint = isTaken ? '. Choose another port: npm run example examples/websocket-echo.ts 9000' : ''
  return `${error instanceof Error ? error.message : String(error)}${hint}`
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'max-message-bytes': { type: 'string', default: String(1024 * 1024) },
      deflate: { type: 'boolean', default: false },
    },
  })
  const maxMessageBytes = Number(values['max-message-bytes'])
  const echo = WebSocketResource.forProtocol(Echo, { maxMessageBytes, deflate: values.deflate })
  const endpoint = serverFromString(reactor, endpointOf(positionals[0] ?? '8080'))
  const port = await endpoint.listen(new Site(new Page(echo)))
  reactor.callWhenRunning(() =>
    console.log(`Open ${urlOf(port.getHost())} in a browser. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(explain(error))
  process.exit(2)
}
