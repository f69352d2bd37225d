/**
 * The messages of an error and of its causes in one text, outermost first, without those that the text has already. An
 * error without a message gives its code, or the messages of the errors that it collects.
 */
export function errorText(error: unknown): string {
  let text = ''
  for (const cause of causesOf(error)) {
    const message = messageOf(cause)
    if (!text.includes(message)) text += text === '' ? message : `: ${message}`
  }
  return text
}

/** An error and its causes, outermost first. */
export function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = []
  for (let cause = error; cause !== undefined && causes.length < MOST_CAUSES;) {
    causes.push(cause)
    cause = cause instanceof Error ? cause.cause : undefined
  }
  return causes
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  if (error instanceof AggregateError && error.errors.length > 0)
    return error.errors.map((each: unknown) => errorText(each)).join(', ')
  return 'code' in error ? String(error.code) : error.name
}

const MOST_CAUSES = 8
