import type { ConnectTCPOptions } from '@ropewalk/core'
import type { Place, Program, Script } from '../place.ts'
import { recordingProducer, type Witness, Witnesses } from '../witness.ts'

/** Programs in processes of their own, which are killed, stand still or have few descriptors. */
export const PROCESSES: readonly Script[] = [
  {
    name: 'a program is killed: its connections end, and its port refuses',
    machines: 2,
    async play(place) {
      const program = await place.start('echo')
      const asking = await connected(place, program)
      asking.built[0]?.write('world')
      await place.until(() => asking.built[0]?.bytes === 11)
      await program.kill()
      await place.until(() => asking.built[0]?.gone === true)
      const late = connect(place, program, new Witnesses(place.journal, 'late'))
      await place.journal.settled('late', 'connecting', late.whenConnected())
    },
  },
  {
    name: 'a program is killed with unread bytes',
    machines: 2,
    async play(place) {
      const program = await place.start('silent')
      const asking = await connected(place, program)
      asking.built[0]?.transport.write(Buffer.alloc(200_000))
      await place.settle()
      await program.kill()
      await place.until(() => asking.built[0]?.gone === true)
    },
  },
  {
    name: 'a program is killed, and what it wrote is read later',
    machines: 2,
    async play(place) {
      const program = await place.start('large')
      const asking = new Witnesses(place.journal, 'client', {
        made: ({ transport }) => transport.pauseProducing(),
        readLost: ({ transport }) => transport.loseConnection(),
      })
      connect(place, program, asking)
      await place.until(() => asking.built[0]?.made === true)
      // The program has handled this connection after the one before.
      const other = await connected(place, program, 'other', 100_000)
      await program.kill()
      asking.built[0]?.note('resumes')
      asking.built[0]?.transport.resumeProducing()
      await place.until(() => asking.built[0]?.gone === true && other.built[0]?.gone === true)
    },
  },
  {
    name: 'a program is killed, and its system has not taken all that it wrote',
    machines: 2,
    async play(place) {
      const program = await place.start('huge')
      const asking = new Witnesses(place.journal, 'client', {
        made: ({ transport }) => transport.pauseProducing(),
      })
      connect(place, program, asking)
      await place.until(() => asking.built[0]?.made === true)
      // The program has handled this connection after the one before.
      await connected(place, program, 'other', 12_000_000)
      await program.kill()
      asking.built[0]?.transport.resumeProducing()
      await place.until(() => asking.built[0]?.gone === true)
      const received = asking.built[0]?.bytes ?? 0
      place.journal.drop('client', 'other', 'factory of client', 'factory of other')
      place.journal.note(
        'client',
        `received something: ${received > 0}, everything: ${received >= 12_000_000}`,
      )
    },
  },
  {
    name: 'a program is killed while it receives much',
    machines: 2,
    async play(place) {
      const program = await place.start('silent')
      const asking = await connected(place, program)
      asking.built[0]?.transport.write(Buffer.alloc(12_000_000))
      await place.settle()
      await program.kill()
      await place.until(() => asking.built[0]?.gone === true)
    },
  },
  {
    name: 'a program stands still: it is connected to, and replies later',
    machines: 2,
    async play(place) {
      const program = await place.start('echo')
      program.suspend()
      const asking = new Witnesses(place.journal, 'client')
      connect(place, program, asking)
      await place.until(() => asking.built[0]?.made === true)
      asking.built[0]?.write('world')
      await place.settle()
      asking.built[0]?.note('the program goes on')
      program.goOn()
      await place.until(() => asking.built[0]?.bytes === 11)
      asking.built[0]?.transport.loseConnection()
      await place.until(() => asking.built[0]?.gone === true)
    },
  },
  {
    name: 'a program that stands still is killed before it accepts',
    machines: 2,
    async play(place) {
      const program = await place.start('echo')
      program.suspend()
      const asking = new Witnesses(place.journal, 'client')
      connect(place, program, asking)
      await place.until(() => asking.built[0]?.made === true)
      await place.settle()
      await program.kill()
      await place.until(() => asking.built[0]?.gone === true)
    },
  },
  standing('a client closes before a program that stands still accepts', false, async (place, client) => {
    client.transport.write('hello!')
    client.transport.loseConnection()
    await place.until(() => client.gone)
  }),
  standing('a client aborts before a program that stands still accepts', false, async (place, client) => {
    client.transport.write('hello!')
    await place.settle()
    client.transport.abortConnection()
    await place.settle()
  }),
  standing('a client closes while a program stands still', true, async (place, client) => {
    client.transport.write('hello!')
    client.transport.loseConnection()
    await place.until(() => client.gone)
  }),
  standing('a client aborts while a program stands still', true, async (place, client) => {
    client.transport.write('hello!')
    await place.settle()
    client.transport.abortConnection()
    await place.settle()
  }),
  {
    name: 'a program that stands still is sent much',
    machines: 2,
    async play(place) {
      const program = await place.start('recording')
      const asking = new Witnesses(place.journal, 'client')
      connect(place, program, asking)
      await place.until(() => program.seen.length > 0)
      program.suspend()
      const [client] = asking.built
      client?.transport.registerProducer(recordingProducer(client), true)
      client?.write(Buffer.alloc(12_000_000, 'much output'))
      await place.settle()
      client?.note(`buffers ${client.transport.bufferedBytes > 0}`)
      program.goOn()
      await place.until(() => client?.transport.bufferedBytes === 0)
      client?.transport.unregisterProducer()
      client?.write('!')
      client?.transport.loseConnection()
      await place.until(() => client?.gone === true && program.seen.length === 3)
      for (const line of program.seen) place.journal.note('program', line)
    },
  },
  ...(['unix', 'unix, not stale'] as const).map((name) => ({
    name: `a program is killed, and its UNIX socket is left: ${name}`,
    machines: 2 as const,
    async play(place: Place) {
      const path = place.path()
      const program = await place.start(name, { path })
      await program.kill()
      await program.again()
      await program.kill()
      await program.again()
      for (const line of program.seen) place.journal.note('program', line)
    },
  })),
  {
    name: 'the backlog of a program that stands still is full',
    isSlow: true,
    machines: 2,
    async play(place) {
      const program = await place.start('narrow')
      program.suspend()
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 5; count++) {
        const connector = connect(place, program, asking, { timeoutMs: 100 })
        await place.journal.settled('connecting', `attempt ${count}`, connector.whenConnected())
      }
      const waiting = connect(place, program, new Witnesses(place.journal, 'waiting'))
      await place.settle()
      program.goOn()
      await place.until(() => asking.built.every(({ bytes }) => bytes === 6))
      // Its SYN was dropped, and is sent again after a second.
      await place.journal.settled('connecting', 'the one that waits', waiting.whenConnected())
      await place.until(() => (place.journal.all['waiting']?.length ?? 0) === 2)
    },
  },
  {
    name: 'a program has no descriptors left',
    isSlow: true,
    machines: 2,
    async play(place) {
      const program = await place.start('echo', { maxDescriptors: 60 })
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 0; count < 100; count++) connect(place, program, asking)
      await place.until(
        () => asking.built.length === 100 && asking.built.every(({ gone, bytes }) => gone || bytes > 0),
      )
      const [up, closed] = [asking.built.filter(({ gone }) => !gone), asking.built.filter(({ gone }) => gone)]
      // How many it needs itself depends on the version of Node.
      place.journal.drop(...asking.built.map(({ who }) => who), 'factory of client')
      const note = (line: string): void => place.journal.note('script', line)
      note(`some are up: ${up.length > 5}, some are closed: ${closed.length > 5}`)
      note(`those closed received nothing: ${closed.every(({ bytes }) => bytes === 0)}`)
      up[0]?.transport.loseConnection()
      await place.until(() => up[0]?.gone === true)
      place.journal.drop(...asking.built.map(({ who }) => who), 'factory of client')
      const later = await connected(place, program, 'later')
      await place.until(() => later.built[0]?.bytes === 6)
    },
  },
]

function connect(place: Place, { host, port }: Program, factory: Witnesses, options: ConnectTCPOptions = {}) {
  return place.client.connectTCP(host, port, factory, options)
}

async function connected(place: Place, program: Program, who = 'client', bytes = 6): Promise<Witnesses> {
  const asking = new Witnesses(place.journal, who)
  connect(place, program, asking)
  await place.until(() => asking.built[0]?.bytes === bytes)
  return asking
}

/** A script in which something happens while a program stands still. It notes what the program sees later. */
function standing(
  name: string,
  isAccepted: boolean,
  act: (place: Place, client: Witness) => Promise<void>,
): Script {
  return {
    name,
    machines: 2,
    async play(place) {
      const program = await place.start('recording')
      if (!isAccepted) program.suspend()
      const asking = new Witnesses(place.journal, 'client')
      connect(place, program, asking, { transport: { lingerMs: 20 } })
      await place.until(() => asking.built[0]?.made === true)
      if (isAccepted) await place.until(() => program.seen.length > 0)
      if (isAccepted) program.suspend()
      await place.settle()
      const [client] = asking.built
      if (client !== undefined) await act(place, client)
      program.goOn()
      // The program has handled this connection after the one before.
      const other = new Witnesses(place.journal, 'other', {
        made: ({ transport }) => void transport.write('the other!'),
      })
      connect(place, program, other)
      await place.until(() => program.seen.some((line) => line.endsWith('received 10 bytes')))
      // Whether one connection ends before the next one is accepted is a matter of time. Whether a reset looks
      // like an end depends on the version of Node.
      for (const line of program.seen.toSorted())
        if (!line.includes('connectionLost')) place.journal.note('program', line)
    },
  }
}
