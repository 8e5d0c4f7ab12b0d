/**
 * Bytes that own their memory, as a `Response` body needs them. The platform's TypeScript (5.6) lacks
 * `Uint8Array<ArrayBuffer>`, and in later ones a plain `Uint8Array` may lie in shared memory.
 */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** 16-bit samples, typed for the same reason. */
export type Samples = ReturnType<typeof Int16Array.of>;
