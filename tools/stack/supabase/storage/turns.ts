/** Runs tasks of one name one after another; tasks of different names do not wait for each other. */
export type Turns = <T>(name: string, task: () => Promise<T>) => Promise<T>;

/** Makes an independent set of turns. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (name, task) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(task, task);
    last.set(name, mine);
    const forget = () => {
      if (last.get(name) === mine) last.delete(name);
    };
    mine.then(forget, forget);
    return mine;
  };
}
