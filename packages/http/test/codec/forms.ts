import { ByteQueue } from '@ropewalk/core/bytes'
import { DEFAULT_FORM_LIMITS, type FormLimits, type FormReader } from '../../src/codec/form-reader.ts'
import { MultipartReader } from '../../src/codec/multipart-reader.ts'
import { HTTPError } from '../../src/errors.ts'

/** A form as it was read: `name="text"`, or `name(filename, type)="text"` for each part, or `!status`. */
export function readForm(reader: FormReader, pieces: Iterable<Uint8Array>): string {
  const input = new ByteQueue()
  let read = ''
  const readOn = (ended: boolean): void => {
    for (;;) {
      const event = reader.next(input, ended)
      if (event === undefined) return
      if (event.type === 'part') {
        const { name, filename, type } = event.head
        read += `${name}${filename === undefined ? '' : `(${filename}, ${type})`}="`
      } else if (event.type === 'data') read += event.data.toString('latin1')
      else if (event.type === 'part-end') read += '" '
      else {
        read += 'end'
        return
      }
    }
  }
  try {
    for (const piece of pieces) {
      input.push(piece)
      readOn(false)
    }
    readOn(true)
  } catch (error) {
    if (!(error instanceof HTTPError)) throw error
    // How much of a part was read before a refusal depends on the chunking.
    return `!${error.statusCode} ${error.message}`
  }
  return read
}

/** A reader of a multipart form with these limits. */
export function multipart(limits: Partial<FormLimits> = {}, boundary = 'b'): MultipartReader {
  return new MultipartReader(boundary, { ...DEFAULT_FORM_LIMITS, ...limits })
}

/** The lines of a field, or of a file. */
export function disposition(name: string, filename?: string): string {
  const file = filename === undefined ? '' : `; filename="${filename}"`
  return `Content-Disposition: form-data; name="${name}"${file}\r\n`
}
