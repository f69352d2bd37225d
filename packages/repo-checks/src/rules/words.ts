import type { TemplateElement } from 'oxc-parser'
import { lineAt, type Repository, Source, type Stretch, type Violation } from '../repository.ts'

/**
 * Finds words that make the project's text hard to read: in comments, string literals (messages, log lines, titles of
 * tests), documents and JSON. Identifiers, literals of one word, and names in backquotes are not text.
 *
 * A false hit, such as a quotation of an RFC, goes into `EXCEPTIONS`, with its reason.
 */
export function words(
  repository: Repository,
  exceptions: readonly Exception[] = EXCEPTIONS,
): readonly Violation[] {
  const parsed = new Map(repository.programs.map((source) => [source.path, source]))
  const hits = Array.from(repository.files).flatMap(([path, text]) =>
    hitsIn(path, textOf(path, text, parsed.get(path))),
  )
  const excepts = (exception: Exception, hit: Hit): boolean =>
    hit.path === exception.path && hit.lineText.includes(exception.text)
  return [
    ...hits.filter((hit) => !exceptions.some((exception) => excepts(exception, hit))),
    ...exceptions
      .filter((exception) => !hits.some((hit) => excepts(exception, hit)))
      .map(({ path, text }) => ({
        path,
        line: 1,
        what: `no longer has “${text}”`,
        remedy: 'remove it from EXCEPTIONS in repo-checks/src/rules/words.ts',
      })),
  ]
}

/** A place where a word of the rule is right. */
export interface Exception {
  readonly path: string
  /** A part of the line with the word, as it is written. */
  readonly text: string
  /** Why the word stays. */
  readonly reason: string
}

interface Hit extends Violation {
  /** The line with the word. */
  readonly lineText: string
}

interface Word {
  readonly pattern: RegExp
  readonly remedy: string
}

function hitsIn(path: string, text: string): readonly Hit[] {
  if (text === '') return []
  const lines = text.split('\n')
  return WORDS.flatMap(({ pattern, remedy }) =>
    Array.from(text.matchAll(pattern), (match) => {
      const line = lineAt(text, match.index)
      const what = `uses “${match[0].replaceAll(GAPS, ' ')}”`
      return { path, line, what, remedy, lineText: lines[line - 1] ?? '' }
    }),
  )
}

/** The text of a file that people read. Blanks replace the rest, so that offsets stay the same. */
function textOf(path: string, text: string, parsed: Source | undefined): string {
  if (path.endsWith('.md')) return text.replaceAll(/`[^`\s]+`/g, blank)
  if (path.endsWith('.json')) return text
  return /\.(?:ts|mjs)$/.test(path) ? proseOf(parsed ?? new Source(path, text)) : ''
}

/** The comments and literals of a program. A literal of one word is a name: of a state, a module, a field. */
function proseOf(source: Source): string {
  const parts: Stretch[] = [...source.comments]
  source.visit({
    Literal: (node) => {
      if (typeof node.value === 'string' && /\s/.test(node.value)) parts.push(node)
    },
    TemplateElement: (node: TemplateElement) => parts.push(node),
  })
  let prose = ''
  for (const { start, end } of parts.toSorted((a, b) => a.start - b.start)) {
    prose += blank(source.text.slice(prose.length, start)) + source.text.slice(start, end)
  }
  return prose
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

/** Between two words: spaces, and what begins a line of a comment or of a quotation. */
const GAP = String.raw`[\s*/>]+`
const GAPS = new RegExp(GAP, 'g')

/** Finds the words of `pattern`; a space in it matches any gap. */
function word({ source }: RegExp, remedy: string): Word {
  return { pattern: new RegExp(String.raw`\b(?:${source.replaceAll(' ', GAP)})`, 'gi'), remedy }
}

const PERSON = 'name the one: the caller, the peer, the client, the current protocol, no listener'
const CITATION = 'name a section of an RFC, or a file of this repository'
const RETURNS = 'a function returns; a peer responds to a request'
/** Something that is answered, or that answers it: near one of these words, “answers” may stay. */
const ASKED =
  /\b(?:requests?|quer(?:y|ies)|pings?|frames?|peers?|clients?|servers?|resolvers?|handshakes?|challenges?|HEAD|GET)\b/
    .source
const WORDS: readonly Word[] = [
  word(/t(?:old|ells?|elling)\b/, 'write: calls, notifies, is called with, logs, returns'),
  word(/hear[sd]?\b/, 'write: is notified of, receives'),
  word(/(?:whoever|(?:no|some|every)body)\b/, PERSON),
  word(/(?<!there )(?:is|are) none\b/, 'write “is not one”, or the condition itself'),
  word(/answer(?:s|ed) `?(?:undefined|null|true|false|whether)\b/, RETURNS),
  word(new RegExp(`(?<!${ASKED}[^.;]{0,60})answer(?:s|ed) (?:an?|the)\\b(?![^.;]{0,40}${ASKED})`), RETURNS),
  word(/(?:statements?|rows?|issues?) \d+/, CITATION),
  word(/the core issue\b/, CITATION),
]

/** Hits that stay. */
const EXCEPTIONS: readonly Exception[] = []
