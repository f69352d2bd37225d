/** Something that went from one host to another, or happened to one. */
export interface Arrow {
  /** When it arrived, in virtual milliseconds. */
  readonly atMs: number
  readonly from: string
  /** The same as `from` for what happened to one host. */
  readonly to: string
  readonly what: string
  readonly lost: boolean
  /** When it left. */
  readonly sentMs: number
}

/** How a diagram is drawn. */
export interface DiagramOptions {
  /** Only what happened from then on, in virtual milliseconds. */
  readonly fromMs?: number
  /** Only what happened until then. */
  readonly untilMs?: number
}
