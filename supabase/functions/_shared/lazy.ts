/** Makes a value when it is first asked for, and keeps it. */
export function lazy<Args extends unknown[], Made>(make: (...args: Args) => Made): (...args: Args) => Made {
  let made: { value: Made } | undefined;
  return (...args) => (made ??= { value: make(...args) }).value;
}
