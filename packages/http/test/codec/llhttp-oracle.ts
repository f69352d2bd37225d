import { createRequire } from 'node:module'

/** What llhttp read from some bytes. */
export interface OracleRead {
  readonly requests: { method: string; target: string; body: string; ended: boolean }[]
  /** Why it refused the bytes, such as `HPE_INVALID_METHOD`; undefined when it did not. */
  refused: string | undefined
}

/** The functions of undici's build of llhttp. */
interface LLHTTP {
  readonly memory: { readonly buffer: ArrayBuffer }
  _initialize?(): void
  llhttp_alloc(type: number): number
  llhttp_free(parser: number): void
  llhttp_execute(parser: number, bytes: number, length: number): number
  llhttp_get_method(parser: number): number
  llhttp_method_name(method: number): number
  llhttp_get_errno(parser: number): number
  llhttp_errno_name(errno: number): number
  malloc(length: number): number
  free(pointer: number): void
}

/** Reads requests with llhttp, Node's parser, to compare two readers of the same bytes. */
export class LLHTTPOracle {
  readonly #llhttp: LLHTTP
  #read: OracleRead = { requests: [], refused: undefined }
  #parser = 0

  private constructor(llhttp: (imports: Record<string, (...args: number[]) => number>) => LLHTTP) {
    const done = (): number => 0
    this.#llhttp = llhttp({
      wasm_on_message_begin: done,
      wasm_on_status: done,
      wasm_on_header_field: done,
      wasm_on_header_value: done,
      wasm_on_url: (_parser, at = 0, length = 0) => this.#gather('target', at, length),
      wasm_on_headers_complete: () => this.#headRead(),
      wasm_on_body: (_parser, at = 0, length = 0) => this.#gather('body', at, length),
      wasm_on_message_complete: () => this.#ended(),
    })
  }

  /** Loads llhttp from undici, a development dependency. */
  static async load(): Promise<LLHTTPOracle> {
    const bytes: unknown = createRequire(import.meta.url)('undici/lib/llhttp/llhttp-wasm.js')
    const wasm = Reflect.get(globalThis, 'WebAssembly') as {
      compile(bytes: unknown): Promise<unknown>
      Instance: new (module: unknown, imports: unknown) => { readonly exports: LLHTTP }
    }
    const module = await wasm.compile(bytes)
    return new LLHTTPOracle((env) => {
      const { exports } = new wasm.Instance(module, { env })
      exports._initialize?.()
      return exports
    })
  }

  /** Reads `bytes` as the input of one connection. */
  read(bytes: Buffer): OracleRead {
    const llhttp = this.#llhttp
    const read: OracleRead = { requests: [], refused: undefined }
    this.#read = read
    this.#parser = llhttp.llhttp_alloc(TYPE_REQUEST)
    const at = llhttp.malloc(bytes.length + 1)
    new Uint8Array(llhttp.memory.buffer, at, bytes.length).set(bytes)
    const errno = llhttp.llhttp_execute(this.#parser, at, bytes.length)
    if (errno !== 0) read.refused = this.#text(llhttp.llhttp_errno_name(errno))
    llhttp.free(at)
    llhttp.llhttp_free(this.#parser)
    // A message counts only once its method was read.
    read.requests.splice(0, Infinity, ...read.requests.filter(({ method }) => method !== ''))
    return read
  }

  #headRead(): number {
    const request = this.#current()
    request.method = this.#text(this.#llhttp.llhttp_method_name(this.#llhttp.llhttp_get_method(this.#parser)))
    return 0
  }

  #gather(part: 'target' | 'body', at: number, length: number): number {
    this.#current()[part] += Buffer.from(this.#llhttp.memory.buffer, at, length).toString('latin1')
    return 0
  }

  #ended(): number {
    this.#current().ended = true
    return 0
  }

  #current(): OracleRead['requests'][number] {
    const last = this.#read.requests.at(-1)
    if (last !== undefined && !last.ended) return last
    const request = { method: '', target: '', body: '', ended: false }
    this.#read.requests.push(request)
    return request
  }

  #text(pointer: number): string {
    const bytes = new Uint8Array(this.#llhttp.memory.buffer, pointer)
    return Buffer.from(bytes.subarray(0, bytes.indexOf(0))).toString('latin1')
  }
}

const TYPE_REQUEST = 1
