/*
 * Built-in functions that older browsers lack (Safari before 16.4, Firefox before 119). The build translates syntax
 * (vite.config.ts); browser APIs are checked where they are used.
 */
export {}

Object.hasOwn ??= (object, key) => Object.prototype.hasOwnProperty.call(object, key)

Array.prototype.at ??= function at(this: unknown[], index: number) {
  return this[index < 0 ? this.length + index : index]
}

Array.prototype.findLast ??= function findLast<T>(
  this: T[],
  fits: (item: T, index: number, all: T[]) => unknown,
) {
  return [...this].reverse().find(fits)
}

String.prototype.toWellFormed ??= function toWellFormed(this: string) {
  return this.replace(/\p{Surrogate}/gu, '\uFFFD')
}
