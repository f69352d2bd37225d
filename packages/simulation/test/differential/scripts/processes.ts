import type { Place, Program, Script } from '../place.ts'
import { Witnesses } from '../witness.ts'

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
  {
    name: 'the backlog of a program that stands still is full',
    machines: 2,
    async play(place) {
      const program = await place.start('narrow')
      program.suspend()
      const asking = new Witnesses(place.journal, 'client')
      for (let count = 1; count <= 5; count++) {
        const connector = connect(place, program, asking, 100)
        await place.journal.settled('connecting', `attempt ${count}`, connector.whenConnected())
      }
      program.goOn()
      await place.until(() => asking.built.every(({ bytes }) => bytes === 6))
    },
  },
  {
    name: 'a program has no descriptors left',
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

function connect(place: Place, { host, port }: Program, factory: Witnesses, timeoutMs = 30_000) {
  return place.client.connectTCP(host, port, factory, { timeoutMs })
}

async function connected(place: Place, program: Program, who = 'client', bytes = 6): Promise<Witnesses> {
  const asking = new Witnesses(place.journal, who)
  connect(place, program, asking)
  await place.until(() => asking.built[0]?.bytes === bytes)
  return asking
}
