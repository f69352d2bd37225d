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

/** A protocol of units, as a run uses it. */
interface Units extends Protocol {
  /** What is done with each unit. */
  heard: (unit: Buffer) => void
  /** Sends one. */
  say(unit: Buffer): void
}

class Lines extends LineReceiver implements Units {
  heard: Units['heard'] = ignore
  override lineReceived(line: Buffer): void {
    this.heard(line)
  }
  say(unit: Buffer): void {
    // Lines are text without an end of line.
    this.sendLine(unit.toString('hex'))
  }
}
class Netstrings extends NetstringReceiver implements Units {
  heard: Units['heard'] = ignore
  override stringReceived(data: Buffer): void {
    this.heard(data)
  }
  say(unit: Buffer): void {
    this.sendString(unit)
  }
}
class Int8Strings extends Int8StringReceiver implements Units {
  heard: Units['heard'] = ignore
  override stringReceived(data: Buffer): void {
    this.heard(data)
  }
  say(unit: Buffer): void {
    this.sendString(unit)
  }
}
class Int16Strings extends Int16StringReceiver implements Units {
  heard: Units['heard'] = ignore
  override stringReceived(data: Buffer): void {
    this.heard(data)
  }
  say(unit: Buffer): void {
    this.sendString(unit)
  }
}
class Int32Strings extends Int32StringReceiver implements Units {
  heard: Units['heard'] = ignore
  override stringReceived(data: Buffer): void {
    this.heard(data)
  }
  say(unit: Buffer): void {
    this.sendString(unit)
  }
}

/** Every receiver of units that core has. */
export const RECEIVERS: readonly (new () => Units)[] = [
  Lines,
  Netstrings,
  Int8Strings,
  Int16Strings,
  Int32Strings,
]

/** Clients say units of any length, and hear them again from the server. @throws {Error} (rejects) */
export async function unitsRun(sim: Simulation, Receiver: new () => Units): Promise<void> {
  const calls: { readonly said: string[]; readonly heard: string[] }[] = []
  const { isCalm } = await Scene.play(sim, {
    serve(reactor, { witness, policies }) {
      const factory = new (class extends Factory<Units> {
        override buildProtocol(): Units {
          const units = new Receiver()
          units.heard = (unit) => units.say(Receiver === Lines ? Buffer.from(unit.toString(), 'hex') : unit)
          return units
        }
      })()
      return reactor.listenTCP(7, witness.watchAll(factory), { policies })
    },
    call(reactor, scene) {
      const [units, said, heard]: [Units, string[], string[]] = [new Receiver(), [], []]
      calls.push({ said, heard })
      units.heard = (unit) => heard.push(Receiver === Lines ? unit.toString() : unit.toString('hex'))
      units.connectionMade = () => {
        for (let count = 0; count < 30; count++) {
          const unit = reactor.randomBytes(sim.random.between(0, 250))
          said.push(unit.toString('hex'))
          reactor.callLater(count * 100, () => units.say(unit))
        }
        reactor.callLater(20_000, () => units.transport.loseConnection())
      }
      scene.connect(reactor, 7, units)
    },
  })
  for (const { said, heard } of calls) {
    if (isCalm && heard.length < said.length) throw new Error('units did not come back, without any fault')
    const wrong = heard.findIndex((unit, at) => unit !== said[at])
    if (wrong >= 0) throw new Error(`unit ${wrong} came back as ${heard[wrong]}`)
  }
}

function ignore(): void {}
