/** The kernel reports CPU time in ticks of a hundredth of a second, on every machine (proc(5), time(7)). */
const TICK_MS = 10;
/** How often memory is looked at where the kernel keeps no peak, in milliseconds. */
const LOOK_MS = 20;

async function psField(field: string, pid: number): Promise<string> {
  const command = new Deno.Command("ps", { args: ["-o", `${field}=`, "-p", `${pid}`], stderr: "null" });
  const { success, stdout } = await command.output();
  if (!success) throw new Error(`No process ${pid} runs.`);
  return new TextDecoder().decode(stdout).trim();
}

/** Milliseconds of a time as `ps` prints it, such as `1:02.34` or `01:02:03`. */
export function parseCpuTime(text: string): number {
  return text.split(":").reduce((total, part) => total * 60 + Number(part), 0) * 1_000;
}

/**
 * CPU time of all threads of a process since its start, in milliseconds: on Linux in steps of 10 ms, elsewhere as fine as
 * `ps` prints it.
 * @throws when the process is gone
 */
export async function cpuTimeOf(pid: number): Promise<number> {
  if (Deno.build.os !== "linux") return parseCpuTime(await psField("time", pid));
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // Fields 14 and 15, counted from the third, which follows the command in brackets: user and system time.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/**
 * CPU time of the threads that still run, in milliseconds: finer than `cpuTimeOf` (nanoseconds, `schedstat` in proc(5)), but
 * without threads that ended, so it is for processes whose threads stay. 0 on a Linux whose kernel does not keep it.
 * @throws when the process is gone, and on other systems
 */
async function runTimeOf(pid: number): Promise<number> {
  let nanoseconds = 0;
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const schedstat = await Deno.readTextFile(`/proc/${pid}/task/${name}/schedstat`).catch(() => "0");
    nanoseconds += Number(schedstat.split(" ")[0]);
  }
  return nanoseconds / 1e6;
}

/** Reads the CPU time of a process, in milliseconds. */
export type CpuClock = {
  of(pid: number): Promise<number>;
  /** The smallest difference of two times, in milliseconds; 0 where no bench would notice. */
  stepMs: number;
};

/** The finest clock of CPU time on this machine, for processes whose threads stay: `fine` where it works, or `cpuTimeOf`. */
export async function findCpuClock({ fine = runTimeOf } = {}): Promise<CpuClock> {
  const keeps = await fine(Deno.pid).then((ms) => ms > 0, () => false);
  return keeps ? { of: fine, stepMs: 0 } : { of: cpuTimeOf, stepMs: TICK_MS };
}

async function statusOf(pid: number, name: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1_024;
}

/** Bytes of memory that a process holds at this moment, its program included. Throws when it is gone. */
export async function residentBytes(pid: number): Promise<number> {
  return Deno.build.os === "linux" ? await statusOf(pid, "VmRSS") : Number(await psField("rss", pid)) * 1_024;
}

/**
 * The most bytes that a process holds during a piece of work: on Linux the kernel's own count, elsewhere the most that was
 * seen every 20 ms.
 * @throws when the process is gone by then
 */
export async function peakBytes(pid: number, work: () => Promise<unknown>): Promise<number> {
  if (Deno.build.os === "linux") {
    // 5 sets the peak back to what is held now (proc(5)).
    await Deno.writeTextFile(`/proc/${pid}/clear_refs`, "5", { create: false });
    await work();
    return await statusOf(pid, "VmHWM");
  }
  let most = await residentBytes(pid);
  let done = false;
  const looking = (async () => {
    while (!done) {
      most = Math.max(most, await residentBytes(pid));
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  // Looking ends before the work does, and with an error, when the process is gone.
  await Promise.all([work().finally(() => done = true), looking]);
  return Math.max(most, await residentBytes(pid));
}
