import { expect, test } from 'vitest'
import { RequestEnding } from '../../src/response/request-ending.ts'
import { type Mistake, ResponseMistakes } from '../../src/response/response-mistakes.ts'

function collected(): { ending: RequestEnding; logged: Mistake[]; mistakes: ResponseMistakes } {
  const ending = new RequestEnding()
  const logged: Mistake[] = []
  return { ending, logged, mistakes: new ResponseMistakes(ending, (mistake) => logged.push(mistake)) }
}

test('each kind of mistake is logged once, with what the client receives', () => {
  const { logged, mistakes } = collected()
  mistakes.headTooLate('header Vary')
  mistakes.headTooLate('status 404')
  mistakes.bodyDropped(204)
  mistakes.partDropped('Cannot send another part')
  mistakes.bodyTooLate()
  mistakes.failed('replaced', new Error('wrong length'))
  expect(logged.map(({ error, effect }) => [error.message.split(':')[0], effect])).toEqual([
    ['Cannot set header Vary', 'incomplete'],
    ['Cannot send a body with status 204', 'incomplete'],
    ['Cannot send a body', 'incomplete'],
    ['wrong length', 'replaced'],
  ])
})

test('no mistake is logged once it is closed', () => {
  const { logged, mistakes } = collected()
  mistakes.close()
  mistakes.bodyTooLate()
  expect(logged).toEqual([])
})

test('no mistake is logged for an aborted request', () => {
  const { ending, logged, mistakes } = collected()
  ending.aborted(new Error('gone'))
  mistakes.bodyTooLate()
  expect(logged).toEqual([])
})
