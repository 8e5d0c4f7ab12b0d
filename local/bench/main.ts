// `npm run bench`: measures, and prints a table a bench.
import { resolve } from "node:path";
import { logToStderr, logToStdout, messageOf } from "../log.ts";
import { whenAskedToStop } from "../signals.ts";
import { type Bench, isOver, type Row } from "./bench.ts";
import { startBenchStack } from "./bench_stack.ts";
import { coldStart } from "./cold_start.ts";
import { finalize } from "./finalize.ts";
import { growth } from "./growth.ts";
import { imports } from "./imports.ts";
import { inFlight } from "./in_flight.ts";
import { inspection } from "./inspection.ts";
import { memory } from "./memory.ts";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import { roundTrips } from "./round_trips.ts";
import { renderTable } from "./table.ts";
import { throughput } from "./throughput.ts";

const BENCHES: readonly Bench[] = [
  coldStart,
  imports,
  roundTrips,
  throughput,
  inspection,
  finalize,
  growth,
  memory,
  inFlight,
];
const NAMES = BENCHES.map(({ name }) => name);

// npm runs scripts in the repository's folder; a relative path means the caller's.
const callerFolder = Deno.env.get("INIT_CWD") ?? Deno.cwd();

type Measured = { name: string; seconds: number; rows: Row[] };

/** What the figures were measured on. */
function machine() {
  return {
    at: new Date().toISOString(),
    system: `${Deno.build.os} ${Deno.build.arch}`,
    cores: navigator.hardwareConcurrency,
    load: Deno.loadavg()[0],
    deno: Deno.version.deno,
  };
}

async function runAll({ names, quick }: BenchOptions): Promise<Measured[]> {
  const stackLog: string[] = [];
  const stopped = whenAskedToStop().then((reason) => Promise.reject(new Error(`Stopped: ${reason}.`)));
  // It may be long until somebody listens.
  stopped.catch(() => {});
  const stack = await startBenchStack((line) => stackLog.push(line));
  const measured: Measured[] = [];
  try {
    for (const { name, run } of names.flatMap((name) => BENCHES.find((bench) => bench.name === name) ?? [])) {
      const started = performance.now();
      const rows = await Promise.race([run(stack, { quick }), stopped]);
      const seconds = (performance.now() - started) / 1_000;
      logToStdout(`\n${name}, ${seconds.toFixed(1)} s\n\n${renderTable(rows)}`);
      measured.push({ name, seconds, rows });
    }
    return measured;
  } catch (error) {
    for (const line of stackLog) logToStderr(`  ${line}`);
    throw error;
  } finally {
    await stack.stop();
  }
}

async function main(): Promise<number> {
  try {
    const asked = parseOptions(Deno.args, NAMES);
    if (asked.help) {
      logToStdout(usage(NAMES));
      return 0;
    }
    const before = machine();
    const { system, cores, load, deno } = before;
    logToStdout(`${system}, ${cores} cores, load ${load?.toFixed(1)}, Deno ${deno}`);
    const benches = await runAll(asked);
    if (asked.json !== undefined) {
      const path = resolve(callerFolder, asked.json);
      await Deno.writeTextFile(path, `${JSON.stringify({ machine: before, benches }, null, 2)}\n`);
    }
    return benches.some(({ rows }) => rows.some(isOver)) ? 1 : 0;
  } catch (error) {
    logToStderr(messageOf(error));
    return 1;
  }
}

Deno.exit(await main());
