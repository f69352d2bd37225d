import { parseArgs } from 'node:util'

/** One option of a program. */
export interface Option<Value> {
  /** What the usage shows for its value, such as `N`; undefined for an option without a value. */
  readonly placeholder?: string
  /** A line for `--help`. */
  readonly about: string
  /**
   * Checks the value.
   *
   * @param given undefined when the option is not given; empty for an option without a value.
   * @throws {UsageError} for a value that is not valid.
   */
  readonly read: (name: string, given: string | undefined) => Value
}

/** A program with its options. */
interface Usage<Values> {
  /** As a user types it, such as `npm run bench`. */
  readonly command: string
  /** Sentences for `--help`, one in each line. */
  readonly about: readonly string[]
  readonly options: { readonly [Name in keyof Values]: Option<Values[Name]> }
  /** What came of the work until Ctrl-C. */
  readonly interrupted?: (values: Values) => string
}

/** A mistake of the user: the program ends with status 2, and prints the message only. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something that the machine lacks: the program ends with status 1, and prints the message only. */
export class SetupError extends Error {
  override readonly name = 'SetupError'
}

/** Reads the options of this process, and runs the program with their values. `--help` prints the options instead. */
export async function runProgram<Values extends object>(
  usage: Usage<Values>,
  main: (values: Values) => void | Promise<void>,
): Promise<void> {
  try {
    const values = valuesOf(usage, process.argv.slice(2))
    if (values === undefined) {
      console.log(helpOf(usage))
      return
    }
    for (const [signal, status] of SIGNALS) {
      process.once(signal, () => {
        console.error(`\nInterrupted: ${usage.interrupted?.(values) ?? 'nothing is written'}`)
        process.exit(status)
      })
    }
    await main(values)
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof SetupError)) throw error
    console.error(error.message)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

/**
 * The values of all options, checked.
 *
 * @returns undefined when help is asked for.
 * @throws {UsageError} with one line that names the option.
 */
export function valuesOf<Values extends object>(
  { command, options }: Pick<Usage<Values>, 'command' | 'options'>,
  args: readonly string[],
): Values | undefined {
  const all = Object.entries<Option<unknown>>(options)
  const types = all.map(([name, { placeholder }]) => [
    name,
    { type: placeholder === undefined ? ('boolean' as const) : ('string' as const) },
  ])
  const given = parsed(command, args, Object.fromEntries(types))
  if (given['help'] === true) return undefined
  const values = all.map(([name, option]) => {
    const value = given[name]
    return [name, option.read(`--${name}`, value === true ? '' : value)]
  })
  return Object.fromEntries(values) as Values
}

function parsed(
  command: string,
  args: readonly string[],
  options: Record<string, { type: 'boolean' | 'string' }>,
): Readonly<Record<string, string | true | undefined>> {
  try {
    const { values } = parseArgs({ args: [...args], options: { ...options, help: { type: 'boolean' } } })
    return values as Record<string, string | true | undefined>
  } catch (error) {
    // The messages of Node have one sentence about the mistake, and then advice about "--".
    const [mistake] = (error as Error).message.split(/\. |\n/)
    throw new UsageError(`${mistake}; ${command} -- --help lists the options`)
  }
}

/** An option without a value. */
export function flag(about: string): Option<boolean> {
  return { about, read: (_name, given) => given !== undefined }
}

/** A whole number of at least 1; undefined when it is not given. */
export function wholeNumber(about: string): Option<number | undefined> {
  const isValid = (value: number): boolean => Number.isSafeInteger(value) && value >= 1
  return number('N', about, 'a whole number of at least 1', isValid)
}

/** A number above 0; undefined when it is not given. */
export function positiveNumber(about: string): Option<number | undefined> {
  return number('S', about, 'a number above 0', (value) => Number.isFinite(value) && value > 0)
}

function number(
  placeholder: string,
  about: string,
  wanted: string,
  isValid: (value: number) => boolean,
): Option<number | undefined> {
  return {
    placeholder,
    about,
    read(name, given) {
      if (given === undefined) return undefined
      const value = given.trim() === '' ? Number.NaN : Number(given)
      if (!isValid(value)) throw new UsageError(`${name} must be ${wanted}, got "${given}"`)
      return value
    },
  }
}

/** Names, separated by commas; undefined when they are not given. */
export function someOf(known: readonly string[], about: string): Option<readonly string[] | undefined> {
  return {
    placeholder: 'NAME,…',
    about,
    read(name, given) {
      const names = given?.split(',')
      const unknown = names?.filter((one) => !known.includes(one)) ?? []
      if (unknown.length > 0)
        throw new UsageError(`${name} must be some of ${known.join(' ')}, got "${unknown.join(',')}"`)
      return names
    },
  }
}

/** A regular expression, which matches everything when it is not given. */
export function pattern(about: string): Option<RegExp> {
  return {
    placeholder: 'PATTERN',
    about,
    read(name, given = '') {
      try {
        return new RegExp(given)
      } catch {
        throw new UsageError(`${name} must be a regular expression, got "${given}"`)
      }
    },
  }
}

function helpOf<Values extends object>({ command, about, options }: Usage<Values>): string {
  const all: Record<string, Pick<Option<unknown>, 'placeholder' | 'about'>> = {
    ...options,
    help: flag('Prints this.'),
  }
  const names = Object.entries(all).map(([name, { placeholder }]) =>
    placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`,
  )
  const width = Math.max(...names.map((name) => name.length)) + 2
  const lines = Object.values(all).map((option, at) => `  ${names[at]?.padEnd(width)}${option.about}`)
  return [`${command} -- [options]`, '', ...about, '', ...lines].join('\n')
}

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const
