/** The class of `NOT_DONE_YET`, of which that is the only object. */
export class NotDoneYet {
  // Private, so that no other object has this type.
  readonly #name = 'NOT_DONE_YET'

  /** Made once, for `NOT_DONE_YET`. */
  constructor() {
    Object.freeze(this)
  }

  /** Its name. */
  toString(): string {
    return this.#name
  }
}

/** What `render` returns when the response is finished later, with `request.finish()`. */
export const NOT_DONE_YET: NotDoneYet = new NotDoneYet()
