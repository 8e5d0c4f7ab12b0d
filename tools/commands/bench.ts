// `npm run bench`: measures, and prints a table a bench.
import { resolve } from "node:path";
import { findDeno } from "../stack/function/deno_binaries.mjs";
import { logToStderr, logToStdout, messageOf } from "../stack/terminal.ts";
import { whenAskedToStop } from "../stack/process/stop_signals.ts";
import { type BenchOptions, parseOptions, usage } from "../bench/bench_options.ts";
import { type Bench, type Measured, runBenches } from "../bench/bench_run.ts";
import { coldStart } from "../bench/cold_start.ts";
import { isOver } from "../bench/figures.ts";
import { finalizeCost } from "../bench/finalize_cost.ts";
import { growth } from "../bench/growth.ts";
import { imports } from "../bench/imports.ts";
import { inspection } from "../bench/inspection.ts";
import { inFlight, memory } from "../bench/memory.ts";
import { roundTrips } from "../bench/round_trips.ts";
import { throughput } from "../bench/throughput.ts";

const BENCHES: readonly Bench[] = [
  coldStart,
  imports,
  roundTrips,
  throughput,
  inspection,
  finalizeCost,
  growth,
  memory,
  inFlight,
];
const NAMES = BENCHES.map(({ name }) => name);

// npm runs scripts in the repository's folder; a relative path means the caller's.
const callerFolder = Deno.env.get("INIT_CWD") ?? Deno.cwd();

/** What the figures were measured on. */
function machine(deno: string) {
  return {
    at: new Date().toISOString(),
    system: `${Deno.build.os} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    load: Deno.loadavg()[0],
    deno,
  };
}

async function runAll({ names, quick, deno }: BenchOptions): Promise<Measured[]> {
  const stackLog: string[] = [];
  const chosen = names.flatMap((name) => BENCHES.find((bench) => bench.name === name) ?? []);
  try {
    return await runBenches(chosen, {
      quick,
      deno: findDeno(deno).binary,
      asked: whenAskedToStop(),
      stackLog: (line) => stackLog.push(line),
    });
  } catch (error) {
    for (const line of stackLog) logToStderr(`  ${line}`);
    throw error;
  }
}

async function main(): Promise<number> {
  try {
    const asked = parseOptions(Deno.args, NAMES);
    if (asked.help) {
      logToStdout(usage(NAMES));
      return 0;
    }
    const before = machine(findDeno(asked.deno).version);
    const { system, cores, load, deno } = before;
    logToStdout(`${system}, ${cores} cores, load ${load?.toFixed(1)}, Deno ${deno}`);
    const benches = await runAll(asked);
    if (asked.json !== undefined) {
      const path = resolve(callerFolder, asked.json);
      await Deno.writeTextFile(path, `${JSON.stringify({ machine: before, benches }, null, 2)}\n`);
    }
    const over = benches.flatMap(({ name, rows }) =>
      rows.filter(isOver).map(({ what }) => `${name}: ${what}`)
    );
    if (asked.quick || over.length === 0) return 0;
    logToStderr(`Over their limits (docs/performance.md tells of known ones):\n  ${over.join("\n  ")}`);
    return 1;
  } catch (error) {
    logToStderr(messageOf(error));
    return 1;
  }
}

Deno.exit(await main());
