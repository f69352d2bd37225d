import { Headers } from '@ropewalk/http'
import { bench, do_not_optimize, group } from 'mitata'

/** Look-ups and changes of header fields. */
export function headers(): void {
  const ten = Headers.fromFields(
    Array.from({ length: 10 }, (_, at) => [`X-Header-${at}`, `value ${at}`]).flat(),
  )
  ten.setRawHeaders('Content-Type', ['text/plain'])
  group('headers', () => {
    bench('find one of eleven', () => do_not_optimize(ten.get('content-type')))
    bench('miss one', () => do_not_optimize(ten.get('transfer-encoding')))
    bench('set three in new ones', () => {
      const made = new Headers()
      made.setRawHeaders('Content-Type', ['application/json'])
      made.setRawHeaders('Cache-Control', ['no-store'])
      made.setRawHeaders('ETag', ['"4711"'])
      do_not_optimize(made)
    })
  })
}
