/**
 * Bytes in memory of their own, which a `Response` takes as its body. The platform's TypeScript (5.6) knows no
 * `Uint8Array<ArrayBuffer>`, and for later ones a plain `Uint8Array` may lie in shared memory.
 */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** Samples of 16 bits, likewise. */
export type Samples = ReturnType<typeof Int16Array.of>;
