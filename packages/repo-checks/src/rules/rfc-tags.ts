import { placeOf } from '../reading/place.ts'
import type { Repository } from '../reading/repository.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds files of a `codec/` room that name no section of an RFC. */
export function rfcTags(repository: Repository): readonly Violation[] {
  return repository.sources
    .filter(({ path }) => placeOf(path).folders[0] === 'codec')
    .filter(({ comments }) => !comments.some(({ value }) => /RFC \d+ §\d/.test(value)))
    .map((source) => {
      return source.violation({ start: 0 }, 'names no RFC section', 'say which it obeys: RFC 9112 §7.1')
    })
}
