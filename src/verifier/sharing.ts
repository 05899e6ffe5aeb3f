// State that both builds of this package share in a program that loads the ES module and CommonJS:
// the classes of errors, and the verified tokens of requests. The symbols of
// `token/requirements.ts` are registered for the same reason.

/**
 * Makes `instanceof` work for errors of either build. A class that extends one of these keeps its
 * own `instanceof`.
 * @param classes by the name under which both builds register them
 */
export const recognizeAcrossBuilds = (
  classes: Record<string, abstract new (...args: never) => object>,
): void => {
  for (const [name, type] of Object.entries(classes)) {
    const brand = Symbol.for(`@latchkey/verifier/${name}`)
    Object.defineProperty(type.prototype, brand, { value: true })
    Object.defineProperty(type, Symbol.hasInstance, {
      value(this: unknown, value: unknown): boolean {
        if (Function.prototype[Symbol.hasInstance].call(this, value)) return true
        return this === type && typeof value === 'object' && value !== null && brand in value
      },
    })
  }
}

/**
 * A map that both builds use. With a frozen global object each build has a map of its own.
 * @param name under which both builds register it
 */
export const mapAcrossBuilds = <Value>(name: string): WeakMap<object, Value> => {
  const key = Symbol.for(`@latchkey/verifier/${name}`)
  const registered = (globalThis as Record<symbol, unknown>)[key]
  if (registered !== undefined) return registered as WeakMap<object, Value>
  const map = new WeakMap<object, Value>()
  Reflect.defineProperty(globalThis, key, { value: map })
  return map
}
