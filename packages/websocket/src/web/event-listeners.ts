import { callSafely } from '@ropewalk/core/reactor'
import type { CloseEvent, ErrorEvent } from './events.ts'

/** The events of a WebSocket, by their type. */
export interface WebSocketEventMap {
  readonly open: Event
  readonly message: MessageEvent
  readonly error: ErrorEvent
  readonly close: CloseEvent
}

/** A listener as a function, or as an object with `handleEvent`. */
export type Listener<E> = ((event: E) => unknown) | { handleEvent(event: E): unknown }

/** The options of `addEventListener`. */
export type ListenerOptions =
  | boolean
  | {
      readonly capture?: boolean
      readonly once?: boolean
      readonly passive?: boolean
      readonly signal?: AbortSignal
    }

/** A function in an attribute such as `onmessage`. */
export type EventAttribute<E> = ((event: E) => unknown) | null

/**
 * An EventTarget with the attributes `onopen`, `onmessage`, `onerror` and `onclose`. What a listener throws, or
 * rejects with, is passed to `listenerFailed`: with Node's EventTarget it would end the process.
 */
export abstract class WebSocketEventTarget extends EventTarget {
  readonly #safeListeners = new WeakMap<object, (event: Event) => void>()
  readonly #attributes = new Map<keyof WebSocketEventMap, Attribute>()

  /** Called with the error of a listener. */
  protected abstract listenerFailed(error: unknown): void

  override addEventListener<T extends keyof WebSocketEventMap>(
    type: T,
    listener: Listener<WebSocketEventMap[T]> | null,
    options?: ListenerOptions,
  ): void
  override addEventListener(type: string, listener: Listener<Event> | null, options?: ListenerOptions): void
  override addEventListener(
    type: string,
    listener: Listener<never> | null | undefined,
    options?: ListenerOptions,
  ): void {
    if (listener === null || listener === undefined) return
    const safe = this.#safeListeners.get(listener) ?? this.#safe(listener)
    this.#safeListeners.set(listener, safe)
    super.addEventListener(type, safe, options)
  }

  override removeEventListener<T extends keyof WebSocketEventMap>(
    type: T,
    listener: Listener<WebSocketEventMap[T]> | null,
    options?: ListenerOptions,
  ): void
  override removeEventListener(
    type: string,
    listener: Listener<Event> | null,
    options?: ListenerOptions,
  ): void
  override removeEventListener(
    type: string,
    listener: Listener<never> | null | undefined,
    options?: ListenerOptions,
  ): void {
    const safe = listener === null || listener === undefined ? undefined : this.#safeListeners.get(listener)
    if (safe !== undefined) super.removeEventListener(type, safe, options)
  }

  get onopen(): EventAttribute<Event> {
    return this.#attribute('open')
  }

  set onopen(value: EventAttribute<Event>) {
    this.#setAttribute('open', value)
  }

  get onmessage(): EventAttribute<MessageEvent> {
    return this.#attribute('message')
  }

  set onmessage(value: EventAttribute<MessageEvent>) {
    this.#setAttribute('message', value)
  }

  get onerror(): EventAttribute<ErrorEvent> {
    return this.#attribute('error')
  }

  set onerror(value: EventAttribute<ErrorEvent>) {
    this.#setAttribute('error', value)
  }

  get onclose(): EventAttribute<CloseEvent> {
    return this.#attribute('close')
  }

  set onclose(value: EventAttribute<CloseEvent>) {
    this.#setAttribute('close', value)
  }

  #attribute<T extends keyof WebSocketEventMap>(type: T): EventAttribute<WebSocketEventMap[T]> {
    return this.#attributes.get(type)?.call ?? null
  }

  /** A function keeps its place among the listeners when it is replaced by another. */
  #setAttribute(type: keyof WebSocketEventMap, given: unknown): void {
    const call = typeof given === 'function' ? (given as Attribute['call']) : undefined
    const known = this.#attributes.get(type)
    if (known !== undefined && call !== undefined) {
      known.call = call
      return
    }
    if (known !== undefined) {
      this.#attributes.delete(type)
      this.removeEventListener(type, known.listener)
    }
    if (call === undefined) return
    const attribute: Attribute = { call, listener: (event) => attribute.call.call(this as never, event) }
    this.#attributes.set(type, attribute)
    this.addEventListener(type, attribute.listener)
  }

  #safe(listener: Listener<never>): (event: Event) => void {
    return (event) => {
      const call = (): unknown =>
        typeof listener === 'function'
          ? listener.call(this as never, event as never)
          : listener.handleEvent(event as never)
      void callSafely(call, (error) => this.listenerFailed(error))
    }
  }
}

interface Attribute {
  call: (event: Event) => unknown
  readonly listener: (event: Event) => unknown
}
