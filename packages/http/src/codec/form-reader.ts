import type { ByteQueue } from '@ropewalk/core/bytes'
import { HTTPError } from '../errors.ts'

/** The limits of a form. */
export interface FormLimits {
  /** Most fields of a form, files included. Beyond it: 413. Infinity for no limit. Default 1 000. */
  readonly maxFields: number
  /** Most bytes of the header lines of one part of a multipart form. Beyond it: 413. Default 8 192. */
  readonly maxPartHeadBytes: number
  /** Longest name of a field, in bytes. Beyond it: 413. Default 256. */
  readonly maxNameBytes: number
  /** Longest file name as it was sent, in bytes. Beyond it: 413. Default 1 024. */
  readonly maxFileNameBytes: number
  /** Longest value of a field that is not a file, in bytes. Beyond it: 413. Default 1 MiB. */
  readonly maxFieldBytes: number
  /** Longest file in bytes. Beyond it: 413. Default: no limit besides that of the body. */
  readonly maxFileBytes: number
}

/** The limits of a form that is read without options. */
export const DEFAULT_FORM_LIMITS: FormLimits = {
  maxFields: 1_000,
  maxPartHeadBytes: 8_192,
  maxNameBytes: 256,
  maxFileNameBytes: 1_024,
  maxFieldBytes: 1024 * 1024,
  maxFileBytes: Infinity,
}

/** What precedes the value of a field, or the content of a file. */
export interface PartHead {
  readonly name: string
  /** The file's name as it is safe to show it; undefined when the part is not a file. */
  readonly filename: string | undefined
  /** The media type in lower case, without parameters. */
  readonly type: string
  /** Name, value, name, value, … of the header lines of the part. */
  readonly fields: string[]
}

/** An event of a form: for each field one `part`, any number of `data`, one `part-end`; then one `end`. */
export type FormEvent =
  | { readonly type: 'part'; readonly head: PartHead }
  | { readonly type: 'data'; readonly data: Buffer }
  | { readonly type: 'part-end' }
  | { readonly type: 'end' }

/** Reads a form in one of the types of HTML (RFC 7578 §1). */
export interface FormReader {
  /**
   * Returns the next event, or undefined when it needs more bytes than `input` has. It is not called again after
   * `end`.
   *
   * @param ended Whether `input` has all the bytes that there are.
   * @throws {HTTPError} 400 when the form is malformed, 413 beyond a limit, 415 for a coding that is not supported.
   */
  next(input: ByteQueue, ended: boolean): FormEvent | undefined
}

/** Makes the error for a form that is malformed. */
export function malformedForm(what: string): HTTPError {
  return HTTPError.withoutStack(400, `Cannot read a form: ${what}`)
}

/** Makes the error for a form with more than a limit of something, such as `2 fields`. */
export function formTooLarge(limit: string): HTTPError {
  return HTTPError.withoutStack(413, `Cannot read a form of more than ${limit}`)
}
