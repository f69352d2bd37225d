import { type Comment, type OxcError, parseSync, type Program, Visitor, type VisitorObject } from 'oxc-parser'
import { lineAt, type Violation } from './violation.ts'

/** One TypeScript file of the repository, parsed. */
export class Source {
  /** From the root of the repository: `packages/core/src/errors.ts`. */
  readonly path: string
  /** The file as it is written. */
  readonly text: string
  /** The syntax tree; its offsets count in `text`. */
  readonly program: Program
  /** All comments, in order. */
  readonly comments: readonly Comment[]
  /** Why the text is no TypeScript; empty when it is. A file with errors has an empty tree. */
  readonly errors: readonly OxcError[]

  constructor(path: string, text: string) {
    const parsed = parseSync(path, text)
    this.path = path
    this.text = text
    this.program = parsed.program
    this.comments = parsed.comments
    this.errors = parsed.errors
  }

  /** Walks the whole tree, outer nodes first. */
  visit(visitor: VisitorObject): void {
    new Visitor(visitor).visit(this.program)
  }

  /** Lines from `start` to `end`, both counted. */
  linesOf({ start, end }: Stretch): number {
    return lineAt(this.text, end) - lineAt(this.text, start) + 1
  }

  /** A violation on the line where `at` begins. */
  violation(at: Pick<Stretch, 'start'>, what: string, remedy: string): Violation {
    return { path: this.path, line: lineAt(this.text, at.start), what, remedy }
  }
}

/** A part of a text, by its offsets; every node of the tree is one. */
export interface Stretch {
  readonly start: number
  readonly end: number
}
