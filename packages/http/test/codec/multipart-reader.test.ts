import { chunkings } from '@ropewalk/core/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteQueue } from '@ropewalk/core/bytes'
import type { FormLimits } from '../../src/codec/form-reader.ts'
import { MultipartReader } from '../../src/codec/multipart-reader.ts'
import { disposition, multipart, readForm } from './forms.ts'

const FIELD = `--b\r\n${disposition('a')}\r\n`

/** Reads a form in every chunking, which must not change what is read. */
function expectForm(form: string, expected: string | RegExp, limits: Partial<FormLimits> = {}): void {
  for (const pieces of chunkings(Buffer.from(form, 'latin1')))
    expect(readForm(multipart(limits), pieces)).toMatch(
      typeof expected === 'string' ? new RegExp(`^${escape(expected)}$`) : expected,
    )
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

describe('MultipartReader', () => {
  test('reads fields and files, in any chunking', () => {
    const file = `--b\r\n${disposition('f', 'x.bin')}Content-Type: Image/PNG; x=y\r\n\r\n\r\n--\r\n--a\0\r\r\n\n`
    expectForm(
      `${FIELD}one\r\n${file}\r\n${FIELD}\r\n--b--\r\n`,
      'a="one" f(x.bin, image/png)="\r\n--\r\n--a\0\r\r\n\n" a="" end',
    )
  })

  test('ignores what precedes the first boundary and follows the last one', () => {
    expectForm(`\r\n${FIELD}x\r\n--b--`, 'a="x" end')
    expectForm(`pre\r\n--\r\n--a\r\n${FIELD}x\r\n--b-- \t\r\n--b\r\nepilogue`, 'a="x" end')
    expectForm('--b--\r\n', 'end')
    expectForm('--b--', 'end')
  })

  test('accepts blanks after a boundary, and a part that ends with its lines', () => {
    expectForm(`--b \t\r\n${disposition('a')}\r\nx\r\n--b--  `, 'a="x" end')
    expectForm(`--b\r\n${disposition('a')}\r\n--b\r\n${disposition('c')}\r\n--b--`, 'a="" c="" end')
  })

  test('refuses a form without its last boundary, wherever it is cut', () => {
    const whole = `--b\r\n${disposition('a')}\r\nx\r\n--b--`
    for (let length = 0; length < whole.length; length++) {
      expect(readForm(multipart(), [Buffer.from(whole.slice(0, length))]), whole.slice(0, length)).toBe(
        '!400 Cannot read a form: its last boundary is missing',
      )
    }
    expectForm('', /^!400 .*last boundary/)
    expectForm('no boundary here', /^!400 .*last boundary/)
  })

  test('refuses lines that do not end with CRLF, and boundaries that continue', () => {
    expectForm(`--b\n${disposition('a')}\r\nx\r\n--b--`, /^!400/)
    expectForm(`--b\r\n${disposition('a').trim()}\n\r\nx\r\n--b--`, /^!400/)
    expectForm(`${FIELD}x\n--b--`, /^!400 .*last boundary/)
    for (const end of ['--bx', '--b-', '--b-x', '--b--x', '--b--\rx', '--b\rx', `--b${' '.repeat(257)}\r\n`])
      expectForm(`${FIELD}x\r\n${end}`, /^!400/)
  })

  test('refuses a boundary that is the beginning of another one, and keeps the parts of a part together', () => {
    expectForm(
      `${FIELD}x\r\n--bb\r\n${disposition('c')}\r\ny\r\n--bb--\r\n--b--`,
      /^!400 .*more than the boundary/,
    )
    const inner = `--c\r\n${disposition('i')}\r\ny\r\n--c--`
    const type = 'Content-Type: multipart/mixed; boundary=c\r\n'
    expectForm(`--b\r\n${disposition('a')}${type}\r\n${inner}\r\n--b--`, `a="${inner}" end`)
  })

  test('refuses a malformed part, with the status that fits', () => {
    const part = (lines: string): string => `--b\r\n${lines}\r\nx\r\n--b--`
    expectForm(part(''), /^!400 .*no Content-Disposition/)
    expectForm(part('Content-Disposition : form-data; name=a\r\n'), /^!400/)
    expectForm(part(' Content-Disposition: form-data; name=a\r\n'), /^!400/)
    expectForm(part(`${disposition('a')} folded\r\n`), /^!400/)
    expectForm(part(disposition('a\0')), /^!400/)
    expectForm(part(`${disposition('a')}Content-Transfer-Encoding: base64\r\n`), /^!415 .*base64/)
  })

  test.each<[keyof FormLimits, (size: number) => string, string]>([
    ['maxFields', (size) => `${`${FIELD}x\r\n`.repeat(size)}--b--`, 'fields'],
    [
      'maxPartHeadBytes',
      (size) => {
        const rest = `${disposition('a')}X: \r\n\r\n`
        return `--b\r\n${disposition('a')}X: ${'y'.repeat(size - rest.length)}\r\n\r\nx\r\n--b--`
      },
      'bytes of field lines in a part',
    ],
    ['maxNameBytes', (size) => `--b\r\n${disposition('n'.repeat(size))}\r\nx\r\n--b--`, 'bytes in a name'],
    ['maxFileNameBytes', (size) => `--b\r\n${disposition('a', 'f'.repeat(size))}\r\nx\r\n--b--`, 'file name'],
    ['maxFieldBytes', (size) => `${FIELD}${'x'.repeat(size)}\r\n--b--`, 'bytes in a field'],
    [
      'maxFileBytes',
      (size) => `--b\r\n${disposition('a', 'f')}\r\n${'x'.repeat(size)}\r\n--b--`,
      'bytes in a file',
    ],
  ])('accepts a form at %s, and refuses the next byte or field with 413', (limit, form, message) => {
    expectForm(form(60), /end$/, { [limit]: 60 })
    expectForm(form(61), new RegExp(`^!413 .*60 .*${message}`), { [limit]: 60 })
  })

  test('refuses 17 lines of a part, and 100 000 parts after the limit', () => {
    const lines = (count: number): string =>
      `--b\r\n${disposition('a')}${'X: y\r\n'.repeat(count - 1)}\r\nx\r\n--b--`
    expectForm(lines(16), 'a="x" end')
    expectForm(lines(17), /^!413 .*16 field lines/)
    const many = Buffer.from(`${`${FIELD}x\r\n`.repeat(100_000)}--b--`)
    expect(readForm(multipart(), [many])).toBe('!413 Cannot read a form of more than 1000 fields')
  })

  test('accepts boundaries of RFC 2046 only', () => {
    for (const boundary of ['', 'a ', 'ü', 'a\r\n', 'a"', 'a;', 'x'.repeat(71)])
      expect(() => multipart({}, boundary), boundary).toThrow('Cannot read a form: the boundary')
    for (const boundary of ["0aZ'()+_,-./:=?", 'a b', 'x'.repeat(70), '-'])
      expect(
        readForm(multipart({}, boundary), [
          Buffer.from(`--${boundary}\r\n${disposition('a')}\r\nx\r\n--${boundary}--`),
        ]),
      ).toBe('a="x" end')
  })

  test('returns data that looks like a boundary, under every cut', () => {
    const piece = fc.constantFrom('\r', '\n', '\r\n', '--', '-', 'b', '\r\n--', '\r\n--\r\n', 'a', '--b\r')
    const data = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(data, fc.array(fc.nat(40), { maxLength: 6 }), (text, cuts) => {
        fc.pre(!`\r\n${text}\r\n`.includes('\r\n--b'))
        const bytes = Buffer.from(`${FIELD}${text}\r\n--b--`)
        let at = 0
        const pieces = cuts.map((cut) => bytes.subarray(at, (at += cut)))
        expect(readForm(multipart(), [...pieces, bytes.subarray(at)])).toBe(`a="${text}" end`)
      }),
    )
  })

  test('takes linear time, and does not hold data that it can return', () => {
    const boundary = 'a'.repeat(70)
    const start = process.cpuUsage().user
    for (const repeated of [`\r\n--${boundary.slice(1)}`, '\r', 'a', '\r\n', `\r\n-${boundary}`]) {
      const reader = new MultipartReader(boundary, { ...LIMITS, maxFieldBytes: Infinity })
      const input = new ByteQueue()
      input.push(Buffer.from(`--${boundary}\r\n${disposition('a')}\r\n`))
      const data = Buffer.from(repeated.repeat(Math.ceil((1 << 20) / repeated.length)))
      for (let at = 0; at < data.length; at += 4096) {
        input.push(data.subarray(at, at + 4096))
        while (reader.next(input, false) !== undefined);
        expect(input.length).toBeLessThan(80)
      }
    }
    expect(process.cpuUsage().user - start).toBeLessThan(3_000_000)
  })
})

const LIMITS: FormLimits = {
  maxFields: 10,
  maxPartHeadBytes: 1000,
  maxNameBytes: 10,
  maxFileNameBytes: 10,
  maxFieldBytes: 10,
  maxFileBytes: 10,
}
