/**
 * Makes a load once and keeps what it gives; who asks meanwhile shares it. A load that fails fails for those who waited and is
 * forgotten, so that the next call tries again: a process must not be lost for one import that went wrong.
 */
export function once<Loaded>(load: () => Promise<Loaded>): () => Promise<Loaded> {
  let loading: Promise<Loaded> | undefined;
  return async function loadOnce() {
    const current = loading ??= load();
    try {
      return await current;
    } catch (error) {
      if (loading === current) loading = undefined;
      throw error;
    }
  };
}
