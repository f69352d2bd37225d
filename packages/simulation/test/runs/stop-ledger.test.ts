import { type Protocol, sleep, type StopOptions, type StopReport } from '@ropewalk/core'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { expect, test } from 'vitest'
import { Careful, Plain, Stubborn } from './drained.ts'
import { StopLedger } from './stop-ledger.ts'

test('has nothing to say of a stop that keeps its deadline', async () => {
  expect(await complaints(new MemoryReactor(), [new Plain(), new Careful(), new Stubborn()])).toEqual([])
})

test('finds out a stop that was never asked for, and one that never ends', async () => {
  const ledger = new StopLedger(new MemoryReactor(), DRAIN_MS)
  expect(ledger.complaints(0)).toEqual(['was never asked to stop'])
  const endless = new (class extends MemoryReactor {
    override stop(): Promise<StopReport> {
      return new Promise(() => undefined)
    }
  })()
  expect(await complaints(endless, [])).toEqual(['has not ended its stop'])
})

test('finds out a stop that ends behind its deadline', async () => {
  const late = new (class extends MemoryReactor {
    override async stop(options: StopOptions): Promise<StopReport> {
      await sleep(DRAIN_MS + 50, { reactor: this })
      return super.stop(options)
    }
  })()
  expect(await complaints(late, [])).toEqual(['ended its stop 50 ms behind its deadline'])
})

test('finds out a connection that outlives the stop', async () => {
  const hasty = reporting(() => NOTHING, true)
  expect(await complaints(hasty, [new Stubborn()])).toEqual(['connection 1 outlived the stop'])
})

test('finds out a connection that is not reported, or twice, or as the other', async () => {
  expect(
    await complaints(
      reporting(() => NOTHING),
      [new Careful()],
    ),
  ).toEqual(['connection 1 is not reported'])
  const twice = reporting(({ completed }) => ({ completed: [...completed, ...completed], aborted: [] }))
  expect(await complaints(twice, [new Careful()])).toEqual(['connection 1 is reported 2 times'])
  const turned = reporting(({ completed }) => ({ completed: [], aborted: completed }))
  expect(await complaints(turned, [new Careful()])).toEqual([
    'connection 1 is reported as aborted, and ended with ConnectionDone',
    expect.stringMatching(/connection 1 is reported as aborted \d+ ms before the deadline/),
  ])
})

/** Stops a reactor that has these protocols connected; answers what the ledger has to say. */
async function complaints(
  reactor: MemoryReactor,
  protocols: readonly Protocol[],
): Promise<readonly string[]> {
  const ledger = new StopLedger(reactor, DRAIN_MS)
  for (const protocol of protocols) new StringTransport({ reactor }).begin(protocol, [ledger])
  void reactor.run({ installSignalHandlers: false })
  await reactor.settle()
  void ledger.stop()
  for (let passed = 0; passed < 2 * DRAIN_MS; passed += 50) {
    await reactor.settle()
    reactor.advance(50)
  }
  await reactor.settle()
  return ledger.complaints(0)
}

/** A reactor whose stop reports other than it should; or, when it is hasty, ends before it has begun. */
function reporting(report: (real: StopReport) => StopReport, isHasty = false): MemoryReactor {
  return new (class extends MemoryReactor {
    override async stop(options: StopOptions): Promise<StopReport> {
      return report(isHasty ? NOTHING : await super.stop(options))
    }
  })()
}

const DRAIN_MS = 4000
const NOTHING: StopReport = { completed: [], aborted: [] }
