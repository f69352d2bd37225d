import type { Request } from '../server/request.ts'

/**
 * A place for one value on each request: a wrapping resource sets it, and the resources below read it.
 *
 * Make one for each kind of value, as a constant: `const LOCALE = new RequestSlot<string>('locale')`. Two slots
 * of the same name are two places.
 */
export class RequestSlot<T> {
  readonly #key: symbol

  /** @param name Describes the value when a request is inspected. */
  constructor(name: string) {
    this.#key = Symbol(name)
  }

  /** Returns the value of a request; undefined when it was not set. */
  get(request: Request): T | undefined {
    return Reflect.get(request, this.#key) as T | undefined
  }

  /** Sets the value of a request, and replaces an earlier one. */
  set(request: Request, value: T): void {
    Reflect.set(request, this.#key, value)
  }
}
