import type { Repository } from '../reading/repository.ts'
import type { Violation } from '../reading/violation.ts'

/** Finds line comments that are code put out of use, and reminders without a decision or issue to look up. */
export function crossedOutCode(repository: Repository): readonly Violation[] {
  return repository.programs.flatMap((source) =>
    source.comments.flatMap((comment) => {
      if (comment.type === 'Line' && isCode(comment.value.trim())) {
        return [source.violation(comment, 'is code in a comment', 'delete it: the history keeps it')]
      }
      if (!REMINDER.test(comment.value) || NUMBERED.test(comment.value)) return []
      return [
        source.violation(comment, 'is a reminder without a number', 'do it, or decide it and say where'),
      ]
    }),
  )
}

function isCode(comment: string): boolean {
  return CODE.some((pattern) => pattern.test(comment))
}

const CODE: readonly RegExp[] = [
  /^(?:const|let|var) [\w${[][^=]*= /,
  /^(?:export|import) .* from '/,
  /^(?:if|for|while|switch) \(.*\) \{$/,
  /^\}(?: else \{)?$/,
  /^(?:await |return )?this\.[\w#.]+(?:\(.*\)| [+-]?= .*)$/,
  /^[\w.#]+\(.*\);$/,
]
const REMINDER = /\b(?:TODO|FIXME|XXX|HACK)\b/
/** An issue (`#12`) or a decision note (`docs/decisions/…`). */
const NUMBERED = /#\d+|decisions\/\w+/
