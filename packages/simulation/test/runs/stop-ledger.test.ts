import { type Protocol, sleep, type StopOptions, type StopReport } from '@ropewalk/core'
import { MemoryReactor, StringTransport } from '@ropewalk/core/testing'
import { expect, test } from 'vitest'
import { Careful, Plain, Stubborn } from './drained.ts'
import { StopLedger } from './stop-ledger.ts'

test('has no complaint about a stop that keeps its deadline', async () => {
  expect(await complaints(new MemoryReactor(), [new Plain(), new Careful(), new Stubborn()])).toEqual([])
})

test('detects a stop that was never requested, and one that never ends', async () => {
  const ledger = new StopLedger(new MemoryReactor(), DRAIN_MS)
  expect(ledger.complaints(0)).toEqual(['was never asked to stop'])
  const endless = new (class extends MemoryReactor {
    override stop(): Promise<StopReport> {
      return new Promise(() => undefined)
    }
  })()
  expect(await complaints(endless, [])).toEqual(['has not finished its stop'])
})

test('detects a stop that ends after its deadline', async () => {
  const late = new (class extends MemoryReactor {
    override async stop(options: StopOptions): Promise<StopReport> {
      await sleep(DRAIN_MS + 50, { reactor: this })
      return super.stop(options)
    }
  })()
  expect(await complaints(late, [])).toEqual(['finished its stop 50 ms after its deadline'])
})

test('detects a connection that outlives the stop', async () => {
  const hasty = reporting(() => NOTHING, true)
  expect(await complaints(hasty, [new Stubborn()])).toEqual(['connection 1 outlived the stop'])
})

test('detects a connection that is not reported, reported twice, or reported with the wrong result', async () => {
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
    'connection 1 is reported as aborted, but ended with ConnectionDone',
    expect.stringMatching(/connection 1 is reported as aborted \d+ ms before the deadline/),
  ])
})

/** Stops a reactor with connections of these protocols, and resolves with the complaints of its ledger. */
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

/** A reactor whose stop returns a wrong report; with `isHasty`, the stop does nothing. */
function reporting(report: (real: StopReport) => StopReport, isHasty = false): MemoryReactor {
  return new (class extends MemoryReactor {
    override async stop(options: StopOptions): Promise<StopReport> {
      return report(isHasty ? NOTHING : await super.stop(options))
    }
  })()
}

const DRAIN_MS = 4000
const NOTHING: StopReport = { completed: [], aborted: [] }
