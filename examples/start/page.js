// Three WebSockets: a room, an echo, and reports about the connections of the server.
const byId = (id) => document.getElementById(id)

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 30_000
/** A connection that was open for so long has worked: the next delay begins at the first one again. */
const STABLE_MS = 5_000
/** The code with which the server refuses what the page asks for: another attempt would not help. */
const REFUSED = 1008

/** Makes an element. Text from others becomes a text node, never HTML. */
function element(tag, text, className = '') {
  return Object.assign(document.createElement(tag), { textContent: text, className })
}

/** Adds a line to a list that shows the newest 200, and follows its end unless the reader has scrolled up. */
function addLine(list, ...parts) {
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40
  const line = element('li', '')
  line.append(...parts)
  list.append(line)
  while (list.children.length > 200) list.firstChild.remove()
  if (isAtEnd) list.scrollTop = list.scrollHeight
}

/**
 * Opens a WebSocket, and opens it again after a growing, random delay. Shows its state in `state`. Calls
 * `opened()`, `received(data)` and `closed()` of `events`.
 */
function keepOpen(path, state, events) {
  const url = new URL(path, location.href.replace(/^http/, 'ws'))
  let socket,
    timer,
    hasEnded = false,
    retryMs = FIRST_RETRY_MS

  function show(text, isAlert = false) {
    state.textContent = text
    state.classList.toggle('alert', isAlert)
  }
  function connect() {
    let openedMs = Infinity
    show('Connecting…')
    socket = new WebSocket(url)
    socket.addEventListener('open', () => {
      openedMs = performance.now()
      if (hasEnded) return
      show('Connected.')
      events.opened?.()
    })
    socket.addEventListener('message', ({ data }) => hasEnded || events.received(data))
    socket.addEventListener('close', ({ code, reason }) => {
      if (hasEnded) return
      events.closed()
      if (code === REFUSED) return show(`${reason}.`, true)
      if (performance.now() - openedMs > STABLE_MS) retryMs = FIRST_RETRY_MS
      const waitMs = retryMs * (1 + Math.random() / 4)
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
      const why = reason || (code === 1001 ? 'The server has stopped' : 'Not connected')
      show(`${why}. Connecting again in ${(waitMs / 1000).toFixed(1)} s.`, true)
      timer = setTimeout(connect, waitMs)
    })
  }
  connect()
  return {
    show,
    send: (text) => socket.send(text),
    /** Closes it for good. */
    end() {
      hasEnded = true
      clearTimeout(timer)
      socket.close()
    },
  }
}

// The room.
const [join, room, name, talk, names, say, text] = [
  'join',
  'room',
  'name',
  'talk',
  'names',
  'say',
  'text',
].map(byId)
const sendButton = say.querySelector('button')
let guest

join.addEventListener('submit', (event) => {
  event.preventDefault()
  guest?.end()
  talk.replaceChildren()
  const asked = new URLSearchParams({ room: room.value.trim(), name: name.value.trim() })
  guest = keepOpen(`/rooms?${asked}`, byId('rooms-state'), {
    received(data) {
      const message = JSON.parse(data)
      if (message.missed > 0)
        addLine(
          talk,
          element('span', `You missed up to ${message.missed} messages: this connection is slow.`, 'notice'),
        )
      if (message.from !== undefined) addLine(talk, element('b', message.from), ` ${message.text}`)
      if (message.names === undefined) return
      names.textContent = message.names.join(', ')
      guest.show(`You are in ${asked.get('room')} as ${asked.get('name')}.`)
      sendButton.disabled = false
    },
    closed() {
      names.textContent = 'unknown'
      sendButton.disabled = true
    },
  })
  text.focus()
})

say.addEventListener('submit', (event) => {
  event.preventDefault()
  if (sendButton.disabled || text.value.trim() === '') return
  guest.send(text.value)
  text.value = ''
})

// The echo.
const [call, word, echoes] = ['call', 'word', 'echoes'].map(byId)
const echoButton = call.querySelector('button')
/** When each text was sent that has not come back. */
let sentMs = []

const echo = keepOpen('/echo', byId('echo-state'), {
  opened() {
    echoButton.disabled = false
  },
  received(data) {
    const roundTrip = `${(performance.now() - sentMs.shift()).toFixed(1)} ms`
    addLine(echoes, element('b', roundTrip), ` ${data}`)
  },
  closed() {
    sentMs = []
    echoButton.disabled = true
  },
})

call.addEventListener('submit', (event) => {
  event.preventDefault()
  if (echoButton.disabled || word.value === '') return
  sentMs.push(performance.now())
  echo.send(word.value)
})

// The connections.
const [rows, total] = ['rows', 'total'].map(byId)

keepOpen('/connections', byId('connections-state'), {
  received(data) {
    const report = JSON.parse(data)
    const shown = report.connections.length
    total.textContent =
      `${report.total} open` + (shown < report.total ? `, the newest ${shown} are shown` : '')
    while (rows.children.length > shown) rows.lastChild.remove()
    while (rows.children.length < shown) rows.append(newRow())
    report.connections.forEach((connection, at) => {
      const { peer, protocol, receivedBytes, sentBytes, roundTripMs } = connection
      const roundTrip = roundTripMs === undefined ? '–' : `${roundTripMs.toFixed(1)} ms`
      const values = [peer, protocol, formatBytes(receivedBytes), formatBytes(sentBytes), roundTrip]
      values.forEach((value, column) => (rows.children[at].children[column].textContent = value))
    })
  },
  closed() {
    total.textContent = ''
    rows.replaceChildren()
  },
})

function newRow() {
  const row = element('tr', '')
  row.append(...Array.from({ length: 5 }, () => element('td', '')))
  return row
}

function formatBytes(count) {
  return `${count.toLocaleString('en')} B`
}
