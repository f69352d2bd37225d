import {
  Factory,
  Int16StringReceiver,
  Int32StringReceiver,
  Int8StringReceiver,
  LineReceiver,
  NetstringReceiver,
  type Protocol,
} from '@ropewalk/core'
import type { Simulation } from '../../src/index.ts'
import { Scene } from './scene.ts'

/** A protocol that sends and receives delimited units, such as lines. */
interface Units extends Protocol {
  /** Called with each unit received. */
  unitReceived: (unit: Buffer) => void
  /** Sends a unit. */
  sendUnit(unit: Buffer): void
}

class Lines extends LineReceiver implements Units {
  unitReceived: Units['unitReceived'] = ignore
  override lineReceived(line: Buffer): void {
    this.unitReceived(line)
  }
  sendUnit(unit: Buffer): void {
    // Sent in hexadecimal, because a line must not contain a line break.
    this.sendLine(unit.toString('hex'))
  }
}
class Netstrings extends NetstringReceiver implements Units {
  unitReceived: Units['unitReceived'] = ignore
  override stringReceived(data: Buffer): void {
    this.unitReceived(data)
  }
  sendUnit(unit: Buffer): void {
    this.sendString(unit)
  }
}
/** Units of a receiver whose lengths have one, two or four bytes. */
function strings(Receiver: abstract new () => Int8StringReceiver): new () => Units {
  return class extends Receiver implements Units {
    unitReceived: Units['unitReceived'] = ignore
    override stringReceived(data: Buffer): void {
      this.unitReceived(data)
    }
    sendUnit(unit: Buffer): void {
      this.sendString(unit)
    }
  }
}

class Int8Strings extends strings(Int8StringReceiver) {}
class Int16Strings extends strings(Int16StringReceiver) {}
class Int32Strings extends strings(Int32StringReceiver) {}

/** Every receiver of units in core. */
export const RECEIVERS: readonly (new () => Units)[] = [
  Lines,
  Netstrings,
  Int8Strings,
  Int16Strings,
  Int32Strings,
]

/**
 * Clients send units of any length, and receive them back from the server.
 *
 * @throws {Error} (rejects) when they do not.
 */
export async function unitsRun(sim: Simulation, Receiver: new () => Units): Promise<void> {
  const calls: { readonly sent: string[]; readonly received: string[] }[] = []
  const { isCalm } = await Scene.play(sim, {
    serve(reactor, { witness, policies }) {
      const factory = new (class extends Factory<Units> {
        override buildProtocol(): Units {
          const units = new Receiver()
          units.unitReceived = (unit) =>
            units.sendUnit(Receiver === Lines ? Buffer.from(unit.toString(), 'hex') : unit)
          return units
        }
      })()
      return reactor.listenTCP(7, witness.watchAll(factory), { policies })
    },
    call(reactor, scene) {
      const [units, sent, received]: [Units, string[], string[]] = [new Receiver(), [], []]
      calls.push({ sent, received })
      units.unitReceived = (unit) =>
        received.push(Receiver === Lines ? unit.toString() : unit.toString('hex'))
      units.connectionMade = () => {
        for (let count = 0; count < 30; count++) {
          const unit = reactor.randomBytes(sim.random.between(0, 250))
          sent.push(unit.toString('hex'))
          reactor.callLater(count * 100, () => units.sendUnit(unit))
        }
        reactor.callLater(20_000, () => units.transport.loseConnection())
      }
      scene.connect(reactor, 7, units)
    },
  })
  for (const { sent, received } of calls) {
    if (isCalm && received.length < sent.length) throw new Error('units did not come back, without any fault')
    const wrong = received.findIndex((unit, at) => unit !== sent[at])
    if (wrong >= 0) throw new Error(`unit ${wrong} came back as ${received[wrong]}`)
  }
}

function ignore(): void {}
