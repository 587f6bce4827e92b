/*
 * The query of an address. A field that is undefined is left out, as in JSON.
 */
export const queryOf = (fields: object) =>
  new URLSearchParams(JSON.parse(JSON.stringify(fields)) as Record<string, string>)
