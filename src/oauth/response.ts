/** RFC 6749 §5.1: on every answer that has a token in it or speaks of one. */
export const NO_STORE = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }
