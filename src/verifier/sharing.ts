// State that both builds of this package share where a program loads the ES module and CommonJS: the classes of errors,
// and the verified tokens of requests. The symbols of `token/requirements.ts` are registered for the same reason.

/**
 * Lets `instanceof` hold for the errors of either build. A class that extends one of these keeps its own `instanceof`.
 * @param classes by the name that both builds know them by
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
 * A map that both builds use. Where the global object is frozen each build has one of its own.
 * @param name that both builds know it by
 */
export const mapAcrossBuilds = <Value>(name: string): WeakMap<object, Value> => {
  const key = Symbol.for(`@latchkey/verifier/${name}`)
  const known = (globalThis as Record<symbol, unknown>)[key]
  if (known !== undefined) return known as WeakMap<object, Value>
  const map = new WeakMap<object, Value>()
  Reflect.defineProperty(globalThis, key, { value: map })
  return map
}
