import type { Samples } from "../../supabase/functions/_shared/bytes.ts";

/** Samples brought from one sample rate to another, in hertz, along straight lines between neighbours. */
export function resample(samples: Int16Array, from: number, to: number): Samples {
  const step = from / to;
  return new Int16Array(Math.round(samples.length / step)).map((_, index) => {
    const position = index * step;
    const before = Math.floor(position);
    const left = samples[before] ?? 0;
    const right = samples[before + 1] ?? left;
    return Math.round(left + (right - left) * (position - before));
  });
}
