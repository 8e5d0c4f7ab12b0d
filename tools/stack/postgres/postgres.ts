import { join } from "node:path";
import { freePort } from "../process/ports.ts";
import { type Log, logLines } from "../terminal.ts";
import { idsOf, type RunAs } from "./postgres_home.ts";
import { readIfThere, removeIfThere } from "../process/private_file.ts";
import {
  commandLineOf,
  processesIn,
  type ProcessRecord,
  signal,
  startOf,
  stopProcess,
} from "../process/processes.ts";

/** The role that owns the server, as on hosted projects. */
export const superuser = "supabase_admin";

export type PostgresOptions = {
  /** Folder with `bin/postgres` and `bin/initdb`. */
  binaries: string;
  home: string;
  runAs: RunAs | null;
  /** Of the superuser; set when the cluster is made. */
  password: string;
  processes: ProcessRecord;
  serverLog: Log;
  log: Log;
  /** Called when the server ended without being asked to. */
  onLost?: () => void;
  /** Called when it accepts connections again. */
  onBack?: () => void;
};

const settings = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=200",
  "shared_buffers=64MB",
  "log_min_error_statement=panic", // statements and details hold what users wrote
  "log_error_verbosity=terse",
  "log_checkpoints=off",
  "lc_messages=C",
  "timezone=UTC",
];

const restartDelaysMs = [50, 100, 250, 500, 1_000];

const environment = { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

// The cluster gets its name only once it is complete, so that a start that was killed in between leaves nothing half-made.
async function createCluster({ binaries, home, runAs, password }: PostgresOptions): Promise<void> {
  const unfinished = join(home, "cluster.unfinished");
  const passwordFile = join(home, "password.unfinished");
  await removeIfThere(unfinished);
  await removeIfThere(passwordFile);
  await Deno.writeTextFile(passwordFile, `${password}\n`, { mode: 0o600, createNew: true });
  if (runAs) await Deno.chown(passwordFile, runAs.uid, runAs.gid);
  const { success, stdout, stderr } = await new Deno.Command(join(binaries, "bin", "initdb"), {
    args: [
      ...["-D", unfinished, "-U", superuser, "-A", "scram-sha-256", `--pwfile=${passwordFile}`],
      ...["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "--no-instructions"],
    ],
    cwd: home,
    clearEnv: true,
    env: environment,
    ...idsOf(runAs),
  }).output();
  await removeIfThere(passwordFile);
  if (!success) {
    const [errors, output] = [stderr, stdout].map((bytes) => new TextDecoder().decode(bytes).trim());
    throw new Error(`The database could not be created: ${errors || output}`);
  }
  await Deno.rename(unfinished, join(home, "cluster"));
}

/**
 * Stops a server that a killed stack left on this cluster. A process counts as that server only when the cluster's pid file
 * names it and its command line names the cluster; its own children, which work inside the cluster's folder, end with it.
 * Then clears a pid file that would keep PostgreSQL from starting: its pid is another process's by now, or that of a
 * zombie.
 */
export async function stopLeftoverPostgres(home: string, log: Log): Promise<void> {
  // As the server's command line has it, whatever links lead there.
  const cluster = await Deno.realPath(join(home, "cluster")).catch(() => null);
  if (cluster === null) return;
  const pidFile = join(cluster, "postmaster.pid");
  const pid = Number((await readIfThere(pidFile))?.split("\n", 1)[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return;
  const started = await startOf(pid);
  if (started !== null && (await commandLineOf(pid)).includes(cluster)) {
    log(`Stopping the database (process ${pid}) that an earlier start left over.`);
    if (!(await stopProcess({ pid, started }, ["SIGINT", "SIGQUIT", "SIGKILL"], 5_000))) {
      throw new Error(`The database process ${pid} of an earlier start does not end.`);
    }
  }
  // The pid file also is PostgreSQL's guard against children of a killed server that still write.
  for (const child of await processesIn(cluster)) await stopProcess(child, ["SIGQUIT", "SIGKILL"], 2_000);
  await removeIfThere(pidFile);
}

/**
 * Starts PostgreSQL on the cluster in `home`, made at the first start, on a free port of 127.0.0.1, and resolves when it
 * accepts connections. It comes back by itself, on the same port, when it dies. Throws with what the server said when it
 * ends instead.
 */
export async function startPostgres(options: PostgresOptions) {
  const { binaries, home, runAs, password, processes, serverLog, log } = options;
  const cluster = join(home, "cluster");
  if (!(await Deno.stat(cluster).then(() => true, () => false))) await createCluster(options);
  await stopLeftoverPostgres(home, log);

  const port = freePort();
  let stopping = false;
  let current: Deno.ChildProcess | null = null;
  let lifetime: Promise<void> = Promise.resolve();

  function launch(): Promise<void> {
    const child = new Deno.Command(join(binaries, "bin", "postgres"), {
      args: ["-D", cluster, "-p", `${port}`, ...settings.flatMap((setting) => ["-c", setting])],
      cwd: home,
      clearEnv: true,
      env: environment,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      detached: true,
      ...idsOf(runAs),
    }).spawn();
    current = child;
    const ready = Promise.withResolvers<void>();
    const said: string[] = [];
    const reading = logLines(child.stderr, (line) => {
      serverLog(line);
      if (said.push(line) > 5) said.shift();
      if (line.includes("database system is ready to accept connections")) ready.resolve();
    });
    lifetime = Promise.all([processes.add("postgres", child.pid), reading, child.status]).then(async () => {
      current = null;
      ready.reject(new Error(`PostgreSQL ended: ${said.join(" / ")}`));
      await processes.remove("postgres");
    });
    return ready.promise;
  }

  async function comeBack(): Promise<void> {
    for (let attempt = 0; !stopping; attempt++) {
      await new Promise((resolve) =>
        setTimeout(resolve, restartDelaysMs[Math.min(attempt, restartDelaysMs.length - 1)])
      );
      if (stopping) return;
      try {
        await launch();
        log("The database is back.");
        options.onBack?.();
        supervise();
        return;
      } catch (error) {
        await lifetime;
        serverLog(String(error));
      }
    }
  }

  function supervise(): void {
    void lifetime.then(() => {
      if (stopping) return;
      log("The database ended unexpectedly and is started again.");
      options.onLost?.();
      lifetime = comeBack();
    });
  }

  await launch();
  supervise();
  return {
    /** The connection string of a role. */
    url: (role: string) => `postgres://${role}:${password}@127.0.0.1:${port}/postgres`,
    async stop(): Promise<void> {
      stopping = true;
      // Fast shutdown, then immediate shutdown: PostgreSQL documentation, "Shutting Down the Server".
      for (const name of ["SIGINT", "SIGQUIT", "SIGKILL"] as const) {
        if (current === null) break;
        signal(current.pid, name);
        if (await endsWithin(lifetime, 5_000)) break;
      }
      await lifetime;
    },
  };
}

async function endsWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), ms));
  const ended = await Promise.race([promise.then(() => true), timeout]);
  clearTimeout(timer);
  return ended;
}
