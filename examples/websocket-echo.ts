// An echo WebSocket that shares its port with HTTP: a page at /, an echo on every upgrade whatever the path.
// Usage: websocket-echo.ts [ENDPOINT] [--max-message-bytes N]
import { parseArgs } from 'node:util'
import { formatAddress, reactor, serverFromString } from '@ropewalk/core'
import { type Request, Resource, Site } from '@ropewalk/http'
import { WebSocketProtocol, WebSocketResource } from '@ropewalk/websocket'

class Echo extends WebSocketProtocol {
  override textMessageReceived(text: string): void | Promise<void> {
    if (!this.transport.sendTextMessage(text)) return this.#catchUp()
  }
  override bytesMessageReceived(data: Buffer): void | Promise<void> {
    if (!this.transport.sendBytesMessage(data)) return this.#catchUp()
  }
  /** A peer that sends without reading must not fill our memory: the next message waits for it. */
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
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #1d2b36; background: #f7f4ee }
  h1 { font-size: 1.4rem; margin: 0 } #state { color: #6b7780; margin: 0 0 1.5rem }
  #talk { list-style: none; padding: 0; margin: 0 0 1rem; min-height: 12rem }
  #talk li { width: fit-content; max-width: 80%; padding: .35rem .8rem; margin: .4rem 0; border-radius: .8rem; overflow-wrap: anywhere }
  .sent { margin-left: auto !important; background: #2f6f6a; color: #fff } .received { background: #fff; border: 1px solid #ddd5c6 }
  form { display: flex; gap: .5rem } input { flex: 1 } input, button { font: inherit; padding: .5rem .8rem; border: 1px solid #c9bfab; border-radius: .5rem }
  button { background: #b5552d; color: #fff; border-color: #b5552d }
</style>
<h1>Echo over a WebSocket</h1>
<p id="state">Connecting…</p>
<ul id="talk" aria-live="polite"></ul>
<form id="form"><input id="text" aria-label="Message" autocomplete="off" autofocus placeholder="Say something"><button>Send</button></form>
<script>
  const [state, talk, form, text] = ['state', 'talk', 'form', 'text'].map((id) => document.getElementById(id))
  const socket = new WebSocket(location.href.replace(/^http/, 'ws'))
  const show = (kind, words) => talk.append(Object.assign(document.createElement('li'), { className: kind, textContent: words }))
  socket.onopen = () => { state.textContent = 'Connected. What you send comes back.' }
  socket.onmessage = (event) => show('received', event.data)
  socket.onclose = (event) => { state.textContent = 'Closed with code ' + event.code + (event.reason ? ': ' + event.reason : '') }
  form.onsubmit = (event) => {
    event.preventDefault()
    if (socket.readyState !== WebSocket.OPEN || text.value === '') return
    show('sent', text.value)
    socket.send(text.value)
    text.value = ''
  }
</script>
`

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'max-message-bytes': { type: 'string', default: String(1024 * 1024) } },
  })
  const maxMessageBytes = Number(values['max-message-bytes'])
  const echo = WebSocketResource.forProtocol(Echo, { origins: 'any', maxMessageBytes })
  const endpoint = serverFromString(reactor, positionals[0] ?? 'tcp:8080:interface=127.0.0.1')
  const port = await endpoint.listen(new Site(new Page(echo)))
  reactor.callWhenRunning(() =>
    console.log(`Open http://${formatAddress(port.getHost())}/ in a browser. Press Ctrl-C to stop.`),
  )
  await reactor.run()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(2)
}
